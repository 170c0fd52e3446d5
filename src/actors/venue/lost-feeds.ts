/**
 * What is taken back at once: entries that rest on a lost feed, and everything that is worked when the engine is stopped.
 * Protective stops stand, since they only reduce.
 */
import type { Kernel } from '../../bus/kernel.ts';
import type { Config } from '../../domain/config.ts';
import { OperatorCommanded } from '../../events/engine.events.ts';
import { FeedStatusChanged } from '../../events/feed.events.ts';
import type { IntentDeferred } from '../../events/order.events.ts';
import type { OrderBook } from '../orders/order-book.ts';
import type { OrderWorkers } from '../orders/order-worker.ts';
import type { Feeds } from './feeds.ts';

interface Parts {
  readonly config: Config['venue'];
  readonly feeds: Feeds;
  readonly orders: OrderBook;
  readonly workers: OrderWorkers;
}

export function withdrawOnLoss(kernel: Kernel, { config, feeds, orders, workers }: Parts): void {
  const withdraw = (concerns: (order: Pick<IntentDeferred, 'action' | 'symbol'>) => boolean, why: string) => {
    for (const intent of workers.intents()) if (concerns(intent)) workers.withdraw(intent.symbol);
    for (const { intended } of [...orders.working()]) {
      if (concerns(intended) && !workers.works(intended.symbol)) orders.cancel(intended.ordinal, why);
    }
  };
  kernel.on(OperatorCommanded, 'lost-feeds', ({ payload: { command, by } }) => {
    if (command === 'withdraw') withdraw(({ action }) => action !== 'protect', `withdrawn by ${by}`);
  });
  kernel.on(FeedStatusChanged, 'lost-feeds', ({ payload: { feed, from, to } }) => {
    if (from !== 'live') return;
    const why = `the feed of ${feed} is ${to}`;
    if (feed !== 'orders') {
      withdraw(({ action, symbol }) => action === 'enter' && feeds.behind(symbol).includes(feed), why);
    } else if (config.cancelOnDisconnect) withdraw(({ action }) => action !== 'protect', why);
  });
}
