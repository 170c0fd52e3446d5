/** Paper sessions for tests, written by hand: a recorded market, a venue of its own, and a log as a live engine leaves it. */
import { SimulatedExchange } from '../../src/adapters/simulated-exchange/simulated-exchange.ts';
import type { EventSink } from '../../src/bus/ports.ts';
import { configFor, type RunSpec } from '../../src/domain/config.ts';
import { toMicros } from '../../src/domain/money.ts';
import { createCore } from '../../src/engine/core.ts';
import type { Dataset } from '../../src/engine/market-source.ts';
import { TradingDays } from '../../src/engine/trading-days.ts';
import { VenueReported } from '../../src/events/account.events.ts';
import type { NewInput } from '../../src/events/define-event.ts';
import { ClockTicked, SessionEnded, SessionStarted, TradingResumed } from '../../src/events/engine.events.ts';
import { FeedConnected, FeedOpened } from '../../src/events/feed.events.ts';
import { MarketClosed, MarketOpened, SymbolDefined } from '../../src/events/market.events.ts';
import { CancelAttempted, SubmitAttempted } from '../../src/events/order.events.ts';
import { copyTick, Tick } from '../../src/events/tick.ts';
import type { Strategy } from '../../src/streams/strategy.ts';

interface PaperSession {
  readonly dataset: Dataset;
  readonly run: RunSpec;
  readonly strategy: Strategy;
  readonly sink: EventSink;
  /** How the venue differs from the one that the run's configuration describes. */
  readonly venue?: Partial<RunSpec['config']['exchange']>;
  /** What the venue says in place of a report: nothing where null. */
  readonly says?: (report: NewInput) => NewInput | null;
  /** Microseconds between two ticks of the engine's clock. */
  readonly clockEveryUs?: number;
  readonly cash?: number;
}

/** Runs it to the end of the recorded market. */
export function paperSession(session: PaperSession): void {
  const { dataset, run, strategy, sink, venue = {}, says = (report) => report } = session;
  const symbols = dataset.symbols.map(({ symbol }) => symbol).sort();
  const { kernel } = createCore({ sink, run, strategy, symbols });
  const exchange = new SimulatedExchange({
    execution: run.execution,
    commission: run.commission,
    seed: run.seed,
    cashMicros: toMicros(run.cash),
    allowShort: run.allowShort,
    configOf: (symbol) => ({ ...configFor(run.config, symbol).exchange, ...venue }),
    multiplierOf: () => 1,
  });
  const submits = new Map<number, number>();
  const send = (): void => {
    for (const { type, payload, seq } of kernel.takeEffects()) {
      if (type === SubmitAttempted.type) {
        submits.set((payload as SubmitAttempted).ordinal, seq);
        exchange.submit(payload as SubmitAttempted, kernel.now);
      } else if (type === CancelAttempted.type) {
        exchange.cancel((payload as { ordinal: number }).ordinal, kernel.now);
      }
    }
  };
  const input = (event: NewInput, source: string, recordedAt: number, causation: number | null = null) => {
    kernel.input(event, { source, recordedAt, causation });
    send();
  };
  const deliver = (upTo: number): void => {
    while (exchange.nextAt() <= upTo) {
      const { input: report, at, ordinal } = exchange.take();
      const said = says(report);
      if (said !== null) input(said, 'alpaca-orders', at, (ordinal && submits.get(ordinal)) ?? null);
    }
  };
  const reach = (time: number): void => {
    for (;;) {
      const timerAt = kernel.clock.nextDeadline;
      if (timerAt <= time && timerAt <= exchange.nextAt()) {
        kernel.elapse(timerAt);
        send();
      } else if (exchange.nextAt() <= time) deliver(exchange.nextAt());
      else return;
    }
  };

  const cursor = dataset.open();
  const days = new TradingDays(dataset.symbols);
  let clock = Number.NaN;
  const copy = new Tick();
  for (let kind = cursor.next(); kind !== 0; kind = cursor.next()) {
    if (kind !== 1) continue;
    const { tick } = cursor;
    const at = tick.recordedAt;
    if (Number.isNaN(clock)) {
      clock = at - 60_000_000;
      begin(clock);
    }
    days.see(dataset.symbols[tick.symbolId], tick);
    for (let moment = days.takeBefore(at); moment !== null; moment = days.takeBefore(at)) {
      const { calendar, day } = moment;
      reach(moment.at);
      if (moment.kind === 'open') exchange.opened(moment.at, symbols);
      else exchange.closed(symbols, moment.at);
      deliver(moment.at);
      input(
        (moment.kind === 'open' ? MarketOpened : MarketClosed).of({ calendar, day }),
        'calendar',
        moment.at,
      );
    }
    for (; clock < at; clock += session.clockEveryUs ?? 30_000_000) {
      if (clock < kernel.now) continue;
      reach(clock);
      input(ClockTicked.of({}), 'clock', clock);
    }
    reach(at);
    const { symbol } = dataset.symbols[tick.symbolId];
    exchange.before(tick, symbol);
    deliver(at);
    copyTick(tick, copy);
    kernel.tick(tick, 'alpaca-stocks');
    send();
    exchange.after(copy, symbol);
  }
  input(SessionEnded.of({ reason: 'the market is over' }), 'engine', kernel.now);

  function begin(at: number): void {
    const manifest = {
      session: 'paper-20150102T143000-test',
      continues: null,
      mode: 'paper' as const,
      run,
      symbols,
      datasets: [],
      engineVersion: 'test',
      modelled: [],
    };
    input(SessionStarted.of(manifest), 'engine', at);
    for (const definition of dataset.symbols) input(SymbolDefined.of(definition), 'engine', at);
    for (const feed of ['stocks', 'orders'] as const) {
      input(FeedOpened.of({ feed, source: `alpaca-${feed}`, tradable: true }), 'engine', at);
      input(FeedConnected.of({ feed }), `alpaca-${feed}`, at);
    }
    const cashMicros = toMicros(session.cash ?? run.cash);
    const account = {
      cashMicros,
      equityMicros: cashMicros,
      buyingPowerMicros: cashMicros,
      blocked: null,
      optionsLevel: 3,
    };
    input(VenueReported.of({ account, positions: [], orders: [], lastOrdinal: 0 }), 'alpaca-orders', at);
    input(TradingResumed.of({}), 'engine', at);
  }
}
