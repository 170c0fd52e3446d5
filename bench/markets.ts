/** Seeded markets, written as datasets: the same records on every machine, whatever is measured with them. */
import { nextTradingDay, sessionOfDayOrDefault } from '../src/domain/exchange-calendar.ts';
import { createRandom } from '../src/domain/random.ts';
import { canonicalJson } from '../src/events/canonical.ts';
import { SymbolDefined } from '../src/events/market.events.ts';
import { DAY_S, Tick, TickKind } from '../src/events/tick.ts';
import { createLog } from '../src/log/log-writer.ts';

const SOURCE = 'bench';
const MINUTE_US = 60_000_000;
const SEED = 20_201;

class DatasetWriter {
  readonly tick = new Tick();
  readonly #log;
  #seq = 0;

  constructor(path: string, symbols: readonly SymbolDefined[], startsAt: number) {
    this.#log = createLog(path, { session: 'bench', flush: 'batch' });
    for (const payload of symbols) {
      const { kind, type, version } = SymbolDefined;
      const envelope = { kind, type, version, time: startsAt, recordedAt: startsAt, source: SOURCE };
      const json = canonicalJson(payload);
      this.#log.event({
        ...envelope,
        seq: ++this.#seq,
        causation: null,
        correlation: null,
        basis: [],
        payload,
        json,
      });
    }
  }

  write(symbolId: number, time: number): void {
    this.tick.symbolId = symbolId;
    this.tick.time = this.tick.recordedAt = time;
    this.#log.tick(++this.#seq, this.tick, SOURCE);
    this.#log.settle();
  }

  close(): void {
    this.#log.close();
  }
}

const define = (id: number, symbol: string, from: Partial<SymbolDefined>): SymbolDefined => ({
  id,
  symbol,
  assetClass: 'equity',
  multiplier: 1,
  calendar: 'XNYS',
  priceSource: 'quotes',
  resolutionS: null,
  ...from,
});

/** Consecutive one-minute bars of one symbol that trades round the clock: a random walk. */
export function writeMinuteBars(path: string, bars: number): void {
  const minute = { assetClass: 'crypto', calendar: '24x7', priceSource: 'bars', resolutionS: 60 } as const;
  const start = Date.UTC(2016, 0, 1) * 1_000;
  const out = new DatasetWriter(path, [define(0, 'WALK', minute)], start + MINUTE_US);
  const { nextUnit } = createRandom(SEED);
  const { tick } = out;
  tick.kind = TickKind.bar;
  tick.resolutionS = 60;
  let px = 1_000;
  for (let i = 1; i <= bars; i++) {
    tick.open = px;
    px *= 1 + (nextUnit() - 0.5) * 0.002;
    tick.close = px;
    tick.high = Math.max(tick.open, px) * (1 + nextUnit() * 0.0005);
    tick.low = Math.min(tick.open, px) * (1 - nextUnit() * 0.0005);
    tick.volume = tick.vwap = 0;
    out.write(0, start + i * MINUTE_US);
  }
  out.close();
}

export interface QuoteMarket {
  readonly symbols: number;
  /** Sessions of daily bars before the first quote: regimes and scores have their history. */
  readonly warmUpDays: number;
  readonly quotes: number;
  readonly quotesPerDay: number;
  /** Days with a few thousand quotes each before the full ones: rules that need few days have their plans by then. */
  readonly quietDays?: number;
}

const QUOTES_OF_A_QUIET_DAY = 4_000;

/** Daily bars, then sessions full of quotes; how often a symbol is quoted follows Zipf's law. */
export function writeQuotes(
  path: string,
  { symbols, warmUpDays, quotes, quotesPerDay, quietDays = 0 }: QuoteMarket,
): void {
  const ids = Array.from({ length: symbols }, (_, id) => id);
  let day = nextTradingDay('XNYS', '2022-01-01');
  const definitions = ids.map((id) => define(id, `S${String(id).padStart(3, '0')}`, {}));
  const out = new DatasetWriter(path, definitions, sessionOfDayOrDefault('XNYS', day).close);
  const { nextUnit } = createRandom(SEED);
  const px = Float64Array.from(ids, () => 20 + nextUnit() * 380);
  const { tick } = out;

  tick.kind = TickKind.bar;
  tick.resolutionS = DAY_S;
  for (let n = 0; n < warmUpDays; n++, day = nextTradingDay('XNYS', day)) {
    const { close } = sessionOfDayOrDefault('XNYS', day);
    for (const id of ids) {
      tick.open = px[id];
      px[id] *= 1.0004 + (nextUnit() - 0.5) * 0.04;
      tick.close = px[id];
      tick.high = Math.max(tick.open, tick.close) * 1.005;
      tick.low = Math.min(tick.open, tick.close) * 0.995;
      tick.volume = 1_000_000 + Math.floor(nextUnit() * 1_000_000);
      out.write(id, close);
    }
  }

  tick.kind = TickKind.quote;
  const pick = zipf(symbols, nextUnit);
  let quiet = quietDays;
  for (let done = 0; done < quotes; day = nextTradingDay('XNYS', day)) {
    const { open, close } = sessionOfDayOrDefault('XNYS', day);
    const today = quiet-- > 0 ? QUOTES_OF_A_QUIET_DAY : Math.min(quotesPerDay, quotes - done);
    for (let i = 0; i < today; i++) {
      const id = pick();
      px[id] *= 1 + (nextUnit() - 0.5) * 0.0004;
      tick.bidPx = Math.floor(px[id] * 100) / 100;
      tick.askPx = tick.bidPx + 0.01;
      tick.bidSize = 100 + Math.floor(nextUnit() * 900);
      tick.askSize = 100 + Math.floor(nextUnit() * 900);
      out.write(id, open + Math.floor(((close - open) * i) / today));
    }
    done += today;
  }
  out.close();
}

/** Picks 0..n-1, the k-th with a weight of 1 / (k + 1). */
function zipf(n: number, nextUnit: () => number): () => number {
  const upTo = new Float64Array(n);
  let sum = 0;
  for (let k = 0; k < n; k++) upTo[k] = sum += 1 / (k + 1);
  return () => {
    const at = nextUnit() * sum;
    let low = 0;
    let high = n - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (upTo[middle] <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
