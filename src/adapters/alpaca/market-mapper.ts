/**
 * Frames of the market data streams, as ticks and events. Quotes come by the thousand a second: they are checked by hand into
 * one tick that is used again. What cannot be used is recorded with its reason; no frame, whatever it holds, throws.
 */
import type { InputLane } from '../../bus/ports.ts';
import { parseCompactOcc, printOcc } from '../../domain/options/occ-symbol.ts';
import { MessageRejected, PriceBandsSet, SymbolHaltChanged } from '../../events/feed.events.ts';
import { Tick, TickKind } from '../../events/tick.ts';
import { microsOf } from './market-time.ts';
import { excerptOf, quoted } from './stream-excerpt.ts';

export type MarketSource = 'alpaca-stocks' | 'alpaca-options' | 'alpaca-crypto';

interface MapperOptions {
  readonly source: MarketSource;
  readonly lane: InputLane;
  /** Takes keys out of what is recorded. */
  readonly redact: (text: string) => string;
}

type Frame = Readonly<Record<string, unknown>>;

const MINUTE_S = 60;
const MINUTE_US = MINUTE_S * 1_000_000;
/** No code or symbol of any market is longer. */
const CODE_MAX = 32;

/**
 * Trading status codes: 2, 3 of the CTA plan's tapes A and B, H, P, T of the UTP plan's tape C. Others tell of imbalances,
 * indications and quoting before the resumption; trading is as halted as it was.
 */
const HALTS: Readonly<Record<string, boolean>> = { '2': true, H: true, P: true, '3': false, T: false };

/** Frames that are known and that nothing is made of. */
const UNUSED: Readonly<Record<string, string>> = {
  u: 'a corrected bar: what was decided on the first stands',
  d: 'the bar of a day that is not over',
  c: 'a corrected trade: what was decided on the first stands',
  x: 'a canceled trade: what was decided on it stands',
  i: 'an auction imbalance, which nothing listens to',
  o: 'an order book: quotes carry its best prices',
  n: 'news, which nothing listens to',
};

export class MarketMapper {
  readonly #options: MapperOptions;
  readonly #lane: InputLane;
  readonly #tick = new Tick();
  /** By the vendor's form of the symbol. */
  readonly #ids = new Map<string, number>();

  constructor(options: MapperOptions) {
    this.#options = options;
    this.#lane = options.lane;
  }

  /** Hands in what a frame says. */
  frame(frame: unknown): void {
    const refused = this.#map((frame ?? {}) as Frame);
    if (refused !== null) this.reject(refused, frame);
  }

  reject(reason: string, message: unknown): void {
    const { source, redact } = this.#options;
    const payload = { source, reason: redact(reason), excerpt: excerptOf(redact(excerptOf(message))) };
    this.#lane.input(MessageRejected.of(payload), { source });
  }

  /** Null where all of it was handed in, else why nothing was. */
  #map(frame: Frame): string | null {
    switch (frame.T) {
      case 'q':
        return this.#quote(frame);
      case 't':
        return this.#trade(frame);
      case 'b':
        return this.#bar(frame);
      case 's':
        return this.#status(frame);
      case 'l':
        return this.#bands(frame);
      default:
        return typeof frame.T === 'string' && Object.hasOwn(UNUSED, frame.T)
          ? UNUSED[frame.T]
          : `its type is ${quoted(frame.T)}; there are ${['q', 't', 'b', 's', 'l', ...Object.keys(UNUSED)].join(', ')}`;
    }
  }

  #quote(frame: Frame): string | null {
    const id = this.#idOf(frame.S);
    if (id === undefined) return unknownSymbol(frame);
    const tick = this.#tick;
    tick.time = microsOf(frame.t);
    tick.bidPx = numberOf(frame.bp);
    tick.askPx = numberOf(frame.ap);
    tick.bidSize = numberOf(frame.bs);
    tick.askSize = numberOf(frame.as);
    // One sum tells whether all are finite.
    if (!Number.isFinite(tick.time + tick.bidPx + tick.askPx + tick.bidSize + tick.askSize)) {
      return notNumbers(frame, ['bp', 'ap', 'bs', 'as']);
    }
    if (tick.bidSize < 0 || tick.askSize < 0) return `its sizes are ${tick.bidSize} and ${tick.askSize}`;
    const conditionsId = this.#conditions(frame.c);
    if (conditionsId === null) return noCode('c', frame.c);
    // A tick has room for one exchange: where the sides stand on two it is unknown.
    const exchangeId = frame.bx === frame.ax ? this.#exchange(frame.bx) : 0;
    if (exchangeId === null) return noCode('bx', frame.bx);
    tick.kind = TickKind.quote;
    tick.symbolId = id;
    tick.conditionsId = conditionsId;
    tick.exchangeId = exchangeId;
    this.#lane.tick(tick, this.#options.source);
    return null;
  }

  #trade(frame: Frame): string | null {
    const id = this.#idOf(frame.S);
    if (id === undefined) return unknownSymbol(frame);
    const tick = this.#tick;
    tick.time = microsOf(frame.t);
    tick.px = numberOf(frame.p);
    tick.size = numberOf(frame.s);
    if (!Number.isFinite(tick.time + tick.px + tick.size)) return notNumbers(frame, ['p', 's']);
    const conditionsId = this.#conditions(frame.c);
    if (conditionsId === null) return noCode('c', frame.c);
    const exchangeId = this.#exchange(frame.x);
    if (exchangeId === null) return noCode('x', frame.x);
    tick.kind = TickKind.trade;
    tick.symbolId = id;
    tick.conditionsId = conditionsId;
    tick.exchangeId = exchangeId;
    this.#lane.tick(tick, this.#options.source);
    return null;
  }

  /** The vendor dates a bar by its start, and its stream has those of minutes. */
  #bar(frame: Frame): string | null {
    const id = this.#idOf(frame.S);
    if (id === undefined) return unknownSymbol(frame);
    const tick = this.#tick;
    tick.time = microsOf(frame.t) + MINUTE_US;
    tick.open = numberOf(frame.o);
    tick.high = numberOf(frame.h);
    tick.low = numberOf(frame.l);
    tick.close = numberOf(frame.c);
    tick.volume = numberOf(frame.v);
    tick.vwap = frame.vw === undefined ? 0 : numberOf(frame.vw);
    const sum = tick.time + tick.open + tick.high + tick.low + tick.close + tick.volume + tick.vwap;
    if (!Number.isFinite(sum)) return notNumbers(frame, ['o', 'h', 'l', 'c', 'v', 'vw']);
    tick.kind = TickKind.bar;
    tick.symbolId = id;
    tick.resolutionS = MINUTE_S;
    this.#lane.tick(tick, this.#options.source);
    return null;
  }

  #status(frame: Frame): string | null {
    const symbol = this.#known(frame.S);
    if (symbol === null) return unknownSymbol(frame);
    const time = microsOf(frame.t);
    if (Number.isNaN(time)) return noTime(frame);
    if (typeof frame.sc !== 'string' || !Object.hasOwn(HALTS, frame.sc)) {
      return `the status ${quoted(frame.sc)} (${quoted(frame.sm)}) neither halts trading nor resumes it`;
    }
    const reason = [frame.sm, frame.rc, frame.rm]
      .filter((each) => typeof each === 'string' && each !== '')
      .map(quoted)
      .join(', ');
    this.#lane.input(SymbolHaltChanged.of({ symbol, halted: HALTS[frame.sc], reason }), {
      source: this.#options.source,
      time,
    });
    return null;
  }

  #bands(frame: Frame): string | null {
    const symbol = this.#known(frame.S);
    if (symbol === null) return unknownSymbol(frame);
    const time = microsOf(frame.t);
    const upperPx = numberOf(frame.u);
    const lowerPx = numberOf(frame.d);
    if (!Number.isFinite(time + upperPx + lowerPx)) return notNumbers(frame, ['u', 'd']);
    if (!(lowerPx > 0 && lowerPx <= upperPx)) return `its bands are ${lowerPx} to ${upperPx}`;
    this.#lane.input(PriceBandsSet.of({ symbol, lowerPx, upperPx }), { source: this.#options.source, time });
    return null;
  }

  #idOf(symbol: unknown): number | undefined {
    if (typeof symbol !== 'string') return undefined;
    const known = this.#ids.get(symbol);
    if (known !== undefined) return known;
    const ours = this.#known(symbol);
    if (ours === null) return undefined;
    const id = this.#lane.idOf(ours)!;
    this.#ids.set(symbol, id);
    return id;
  }

  /** Our form of a symbol that the session defined, else null. */
  #known(symbol: unknown): string | null {
    if (typeof symbol !== 'string') return null;
    const ours = this.#options.source === 'alpaca-options' ? occOf(symbol) : symbol;
    return ours !== null && this.#lane.idOf(ours) !== undefined ? ours : null;
  }

  #exchange(code: unknown): number | null {
    if (code === undefined || code === null || code === '') return 0;
    return isCode(code) ? this.#lane.codeOf('exchange', code) : null;
  }

  #conditions(codes: unknown): number | null {
    if (codes === undefined || codes === null || codes === '') return 0;
    if (isCode(codes)) return this.#lane.codeOf('conditions', codes);
    if (!Array.isArray(codes) || !codes.every(isCode)) return null;
    if (codes.length === 0) return 0;
    const set = codes.length === 1 ? (codes[0] as string) : codes.join(',');
    return set.length > CODE_MAX ? null : this.#lane.codeOf('conditions', set);
  }
}

/** Our 21 characters of the vendor's unpadded form, or null where it is none. */
function occOf(symbol: string): string | null {
  const parsed = parseCompactOcc(symbol);
  return parsed.ok ? printOcc(parsed) : null;
}

/** The vendor's form: without the padding. */
export const vendorSymbolOf = (symbol: string): string => symbol.replaceAll(' ', '');

const isCode = (value: unknown): value is string => typeof value === 'string' && value.length <= CODE_MAX;

/** Whole numbers of 64 bits are decoded as `bigint`. */
const numberOf = (value: unknown): number =>
  typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : Number.NaN;

const unknownSymbol = ({ S }: Frame): string => `its symbol ${quoted(S)} is not defined in this session`;
const noTime = ({ t }: Frame): string => `its time ${quoted(t)} is none after 1970, in RFC 3339 or msgpack`;
const noCode = (field: string, value: unknown): string =>
  `its ${field} is ${quoted(value)}; codes are short texts`;

function notNumbers(frame: Frame, fields: readonly string[]): string {
  if (Number.isNaN(microsOf(frame.t))) return noTime(frame);
  const odd = fields.find((field) => !Number.isFinite(numberOf(frame[field])));
  return odd === undefined
    ? 'its numbers are too large'
    : `its ${odd} is ${quoted(frame[odd])}; it is a number`;
}
