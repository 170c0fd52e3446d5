/**
 * The bars of one symbol on their way to the strategy: hot, never repeated. What an RxJS Subject does, without the
 * closure and the iterator it makes for every value: millions of bars pass here, most of them to one subscriber.
 */
import { Observable, type Subscriber } from 'rxjs';
import type { Bar } from './bar.ts';

export class BarFeed {
  /** Replaced as a whole when somebody comes or goes, so that a bar reaches those who were there when it came. */
  #subscribers: readonly Subscriber<Bar>[] = [];

  readonly bars = new Observable<Bar>((subscriber) => {
    this.#subscribers = [...this.#subscribers, subscriber];
    return () => {
      this.#subscribers = this.#subscribers.filter((each) => each !== subscriber);
    };
  });

  next(bar: Bar): void {
    const subscribers = this.#subscribers;
    for (let i = 0; i < subscribers.length; i++) subscribers[i].next(bar);
  }
}
