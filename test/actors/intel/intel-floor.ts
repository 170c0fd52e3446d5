/** A core with minute bars, to which other systems speak. */
import type { RunSpec } from '../../../src/domain/config.ts';
import type { SessionCarried } from '../../../src/events/engine.events.ts';
import { ClockTicked } from '../../../src/events/engine.events.ts';
import { FeedConnected, FeedOpened } from '../../../src/events/feed.events.ts';
import { IntelBusOpened, IntelReceived } from '../../../src/events/intel.events.ts';
import { TickKind } from '../../../src/events/tick.ts';
import { Floor } from '../trading-floor.ts';

const MINUTE_US = 60_000_000;
const S = 1_000_000;

interface Told {
  readonly symbol?: string;
  readonly volume?: number;
  readonly open?: number;
  readonly px?: number;
}

export class IntelFloor extends Floor {
  constructor(
    symbols: readonly string[] = ['BTC/USD', 'SPY'],
    more: { readonly run?: Partial<RunSpec>; readonly carried?: SessionCarried } = {},
  ) {
    super({ symbols, calendar: '24x7', barSeconds: 60, ...more });
  }

  bus(cloud = false): this {
    this.input(IntelBusOpened.of({ transport: 'redis', cloud }));
    return this;
  }

  /** The feed that carries everything on this floor. */
  live(): this {
    this.input(FeedOpened.of({ feed: 'crypto', source: 'test', tradable: true }));
    this.input(FeedConnected.of({ feed: 'crypto' }));
    return this;
  }

  minute({ symbol = 'BTC/USD', volume = 1_000, px = 100, open = px }: Told = {}): this {
    this.after(MINUTE_US);
    const [high, low] = [Math.max(open, px), Math.min(open, px)];
    return this.tick(symbol, TickKind.bar, { open, high, low, close: px, volume, resolutionS: 60 });
  }

  minutes(n: number, told: Told = {}): this {
    for (let i = 0; i < n; i++) this.minute(told);
    return this;
  }

  hear(signal: IntelReceived['signal'], { ageS = 0, livesS = 300 } = {}): number {
    return this.input(
      IntelReceived.of({
        signal,
        sourceSystem: 'partner',
        timestampS: this.now / S - ageS,
        confidence: 0.9,
        expiresAt: this.now + livesS * S,
        via: 'redis',
      }),
    );
  }

  social(score: number, ticker: string | null = 'BTC'): this {
    this.hear({ key: 'intel:social_score', score, ticker });
    return this;
  }

  clock(seconds = 0): this {
    this.after(seconds * S).input(ClockTicked.of({}));
    return this;
  }
}
