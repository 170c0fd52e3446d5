/**
 * The vendor's stream classes, with their frames taken as they were decoded: the classes connect, authenticate, encode and
 * subscribe; their own mapping would lose microseconds, hide unknown frames, and drop what follows a malformed one.
 */
import { streaming } from '@alpacahq/alpaca-trade-api';

/** Takes a decoded frame; true where it belongs to the protocol and the class has to see it. */
export type FrameTap = (frame: unknown) => boolean;

/** Market data: an array of frames a message. */
export class DataStream extends streaming.MarketDataStream {
  readonly #tap: FrameTap;

  constructor(options: ConstructorParameters<typeof streaming.MarketDataStream>[0], tap: FrameTap) {
    super(options);
    this.#tap = tap;
  }

  protected override handleMessage(message: unknown): void {
    for (const frame of Array.isArray(message) ? message : [message]) {
      if (!this.isCallbackCurrent()) return;
      if (this.#tap(frame)) super.handleMessage([frame]);
    }
  }
}

/** The venue's word on our orders: one frame a message. */
export class OrderStream extends streaming.TradingStream {
  readonly #tap: FrameTap;

  constructor(options: ConstructorParameters<typeof streaming.TradingStream>[0], tap: FrameTap) {
    super(options);
    this.#tap = tap;
  }

  protected override handleMessage(message: unknown): void {
    if (this.#tap(message)) super.handleMessage(message);
  }
}
