import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { map } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replay } from '../../../replay/replay.ts';
import { dayToMicros } from '../../../src/domain/exchange-calendar.ts';
import { LiveEngine, type LiveEngineParts } from '../../../src/engine/live/live-engine.ts';
import type { StoredEvent } from '../../../src/events/envelope.ts';
import { HistoryLoaded } from '../../../src/events/feed.events.ts';
import { Tick, TickKind } from '../../../src/events/tick.ts';
import { openLogReader } from '../../../src/log/log-reader.ts';
import type { Strategy } from '../../../src/streams/strategy.ts';
import { SteppedClock } from '../../live/stepped-clock.ts';
import { runSpec, strategyOf } from '../engine-run.ts';
import { StillVenue } from './still-venue.ts';

const HOUR_US = 3_600_000_000;
/** A Tuesday, 10:00 in New York. */
const TUESDAY = dayToMicros('2026-11-17') + 15 * HOUR_US;

let folder: string;
let clock: SteppedClock;
let venue: StillVenue;
let events: StoredEvent[];
let engines: LiveEngine[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quantos-live-'));
  clock = new SteppedClock(TUESDAY);
  venue = new StillVenue(clock);
  events = [];
  engines = [];
});

afterEach(async () => {
  for (const engine of engines) await whileTimePasses(engine.stop('the test is over'));
  rmSync(folder, { recursive: true, force: true });
});

function engineOf(over: Partial<LiveEngineParts> = {}): LiveEngine {
  const engine = new LiveEngine({
    clock,
    desk: venue,
    edgesOf: venue.edgesOf,
    mode: 'paper',
    run: runSpec({ strategy: 'sma-cross', profile: 'quantos' }),
    symbols: ['SPY'],
    strategyOf: async (spec) => strategyOf(spec.name),
    dataFolder: folder,
    engineVersion: 'test',
    onStop: 'cancel',
    onHalt: 'cancel',
    roll: false,
    modelled: [],
    onEvent: (event) => events.push(event),
    ...over,
  });
  engines.push(engine);
  return engine;
}

const quiet = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) {
    do await new Promise((resolve) => setImmediate(resolve));
    while (engines.some(({ leaving }) => leaving > 0));
  }
};

async function pass(ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 50) {
    clock.advance(50);
    await quiet();
  }
}

async function whileTimePasses<T>(work: Promise<T>): Promise<T> {
  let done = false;
  const finished = work.finally(() => {
    done = true;
  });
  finished.catch(() => {});
  while (!done) {
    await quiet();
    clock.advance(50);
  }
  return finished;
}

const typesOf = (seen: readonly StoredEvent[]) => seen.map(({ type }) => type);
const inputsOf = (seen: readonly StoredEvent[]) => typesOf(seen.filter(({ kind }) => kind === 'input'));
const logs = () =>
  readdirSync(join(folder, 'A-1'))
    .filter((file) => file.endsWith('.db'))
    .sort();
const sealed = () =>
  logs().map((file) => {
    const reader = openLogReader(join(folder, 'A-1', file));
    reader.close();
    return reader.sealed;
  });
const recorded = (file: string): StoredEvent[] => {
  const reader = openLogReader(join(folder, 'A-1', file));
  try {
    return [...reader.events()];
  } finally {
    reader.close();
  }
};

/** The process is gone: its log is found as it lies on the disk now. */
function killed(): void {
  const elsewhere = mkdtempSync(join(tmpdir(), 'quantos-live-'));
  cpSync(folder, elsewhere, { recursive: true });
  folder = elsewhere;
}

describe('a live engine', () => {
  it('trades once the venue and the log agree, and not before', async () => {
    venue.answers = false;
    const engine = engineOf();
    await engine.start();
    await pass(1_000);
    expect(engine.health().state).toBe('reconciling');
    expect(typesOf(events)).not.toContain('MarketOpened');
    venue.report(venue.performed[0].seq);
    await pass(1_000);
    expect(engine.health().state).toBe('trading');
    expect(typesOf(events).filter((type) => type === 'MarketOpened')).toHaveLength(1);
  });

  it('lets what was decided leave before it goes, though the disk has not ended yet', async () => {
    const engine = engineOf({ onStop: 'leave' });
    await engine.start();
    await pass(1_000);
    const heard = venue.performed.length;
    engine.command('reset', 'tester');
    while (engine.leaving === 0) await new Promise((resolve) => setImmediate(resolve));
    await whileTimePasses(engine.stop('enough'));
    expect(venue.performedBeforeStop.length).toBe(heard + 1);
  });

  it('moves its clock four times a second', async () => {
    await engineOf().start();
    await pass(2_000);
    expect(typesOf(events).filter((type) => type === 'ClockTicked')).toHaveLength(8);
  });

  it('seals its session when it is stopped, and carries it over when it starts again', async () => {
    const first = engineOf();
    await first.start();
    await pass(1_000);
    await whileTimePasses(first.stop('enough'));
    expect(recorded(logs()[0]).at(-1)!.type).toBe('SessionEnded');
    expect(await replay(join(folder, 'A-1', logs()[0]), { verify: true })).toMatchObject({ identical: true });
    events = [];
    await engineOf().start();
    await pass(1_000);
    expect(inputsOf(events).slice(0, 2)).toEqual(['SessionStarted', 'SessionCarried']);
    expect(logs().map((file) => file.replace(/.{4}(\.2)?\.db$/, '$1'))).toEqual([
      'paper-20261117T150000-.2',
      'paper-20261117T150000-',
    ]);
  });

  it('goes on in its own log after a kill, and trades again once it has reconciled', async () => {
    await engineOf().start();
    await pass(3_000);
    killed();
    const [file] = logs();
    const before = recorded(file).at(-1)!;
    events = [];
    const second = engineOf();
    await second.start();
    await pass(1_000);
    expect(events[0]).toMatchObject({
      type: 'SessionResumed',
      seq: before.seq + 1,
      recordedAt: before.recordedAt,
    });
    expect(second.health().state).toBe('trading');
    await whileTimePasses(second.stop('enough'));
    expect(await replay(join(folder, 'A-1', file), { verify: true })).toMatchObject({ identical: true });
  });

  it('refuses a second engine on its account', async () => {
    await engineOf().start();
    await expect(engineOf().start()).rejects.toThrow('another engine runs on account A-1');
  });

  it('does not start on an account that may not trade', async () => {
    venue.accountState.blocked = 'the account is closed';
    await expect(engineOf().start()).rejects.toThrow('account A-1 may not trade: the account is closed');
  });

  it('leaves no log behind where it could not start', async () => {
    venue.fails.set('assets', new Error('SPYY is unknown'));
    await expect(engineOf().start()).rejects.toThrow('SPYY is unknown');
    expect(logs()).toEqual([]);
    venue.fails.clear();
    await engineOf().start();
  });

  it('rolls to a new session after the close, without a word to its feeds', async () => {
    clock.advance((6 * HOUR_US) / 1_000 - 2_000);
    const engine = engineOf();
    await engine.start();
    await pass(1_000);
    const connected = venue.lane;
    await pass(7_000);
    const types = typesOf(events);
    expect(types.slice(types.indexOf('MarketClosed'))).toEqual(
      expect.arrayContaining(['SessionEnded', 'SessionStarted', 'SessionCarried', 'TradingResumed']),
    );
    expect(venue.lane).toBe(connected);
    await pass(120_000);
    expect(logs()).toHaveLength(2);
    // To seal is to stand still for seconds.
    expect(sealed()).toEqual([false, false]);
    await whileTimePasses(engine.stop('enough'));
    expect(sealed()).toEqual([true, true]);
    for (const file of logs()) {
      expect(await replay(join(folder, 'A-1', file), { verify: true })).toMatchObject({ identical: true });
    }
  });

  it.each(['killed', 'stopped'])('closes a day once, also where it is %s in the evening', async (how) => {
    clock.advance((6 * HOUR_US) / 1_000 - 2_000);
    const first = engineOf();
    await first.start();
    await pass(10_000);
    if (how === 'killed') killed();
    else await whileTimePasses(first.stop('enough'));
    clock.advance(HOUR_US / 1_000);
    await engineOf().start();
    await pass(1_000);
    expect(typesOf(events).filter((type) => type === 'MarketClosed')).toHaveLength(1);
  });

  describe('that decides no more', () => {
    const told: [string, string][] = [];
    const onState = (state: string, why: string) => told.push([state, why]);
    beforeEach(() => {
      told.length = 0;
      venue.open = 2;
    });

    /** The log takes nothing from now on. */
    const full = (engine: LiveEngine) => {
      engine.session!.log.event = () => {
        throw new Error('the disk is full');
      };
    };
    /** An actor of it throws. */
    const broken = (engine: LiveEngine) => engine.session!.core.kernel.halt('TEST', 'someone', 'boom');

    it('takes its orders back past its core once it halts, and records what is said of them', async () => {
      const engine = engineOf({ onState });
      await engine.start();
      await pass(1_000);
      broken(engine);
      await pass(500);
      expect(venue.open).toBe(0);
      expect(venue.cleared[0]).toMatch(/^paper-\d{8}T\d{6}-/);
      expect(engine.health()).toMatchObject({
        state: 'halted',
        why: 'someone (TEST): boom; 2 orders are being canceled',
      });
      const before = engine.health().seq;
      await pass(1_000);
      expect(engine.health().seq).toBeGreaterThan(before);
      expect(engine.health().why).toBe('someone (TEST): boom; no order is left at the venue');
    });

    it('asks again while the venue does not answer, or an order comes late', async () => {
      const engine = engineOf();
      await engine.start();
      await pass(1_000);
      venue.fails.set('cancelAll', new Error('nobody there'));
      broken(engine);
      await pass(8_000);
      expect(engine.health().why).toContain('orders may stand at the venue: nobody there');
      venue.fails.clear();
      await pass(5_000);
      expect(venue.open).toBe(0);
      venue.open = 1;
      await pass(1_000);
      expect(venue.open).toBe(0);
      await pass(10_000);
      const asked = venue.cleared.length;
      await pass(5_000);
      expect(venue.cleared).toHaveLength(asked);
    });

    it('takes them back, too, when its log takes no more', async () => {
      const engine = engineOf({ onState });
      await engine.start();
      await pass(1_000);
      full(engine);
      await pass(20_000);
      expect(venue.open).toBe(0);
      expect(told.at(-1)).toEqual([
        'failed',
        expect.stringMatching(/the disk is full; no order is left at the venue$/),
      ]);
    });

    it('leaves them where it was told to', async () => {
      const engine = engineOf({ onHalt: 'leave' });
      await engine.start();
      await pass(1_000);
      broken(engine);
      await pass(2_000);
      full(engine);
      await pass(2_000);
      expect(venue.open).toBe(2);
      expect(engine.health().state).toBe('failed');
    });

    it('takes them back when it is stopped, as it was told for that', async () => {
      const engine = engineOf({ onHalt: 'leave' });
      await engine.start();
      await pass(1_000);
      broken(engine);
      await whileTimePasses(engine.stop('enough'));
      expect(venue.open).toBe(0);
    });
  });

  describe('that comes back to a long log', () => {
    beforeEach(async () => {
      const engine = engineOf();
      await engine.start();
      await pass(1_000);
      const tick = new Tick();
      Object.assign(tick, { kind: TickKind.trade, symbolId: venue.lane!.idOf('SPY'), px: 400, size: 1 });
      for (let i = 0; i < 30_000; i++)
        venue.lane!.tick(Object.assign(tick, { time: clock.now() }), 'still-venue');
      await pass(5_000);
      expect(engine.health().backlog).toBe(0);
      engine.session!.log.flush();
      killed();
      events = [];
      venue.open = 1;
    });

    it('can be told to halt before it knows where it stopped, and records that first', async () => {
      const states: [string, string][] = [];
      const engine = engineOf({ onState: (...said) => states.push(said) });
      const started = whileTimePasses(engine.start());
      await quiet();
      engine.command('halt', 'SIGUSR2');
      await started;
      expect(states.map(([state, why]) => `${state}: ${why}`).slice(0, 3)).toEqual([
        'recovering: ',
        'recovering: 1 order is being canceled',
        'reconciling: ',
      ]);
      await pass(3_000);
      expect(inputsOf(events).slice(0, 2)).toEqual(['SessionResumed', 'OperatorCommanded']);
      expect(engine.health().tradingState).toBe('halted');
      expect(engine.health().why).toBe('no order is left at the venue');
    });

    it('takes its orders back all the same where it then refuses to go on', async () => {
      const run = runSpec({ strategy: 'sma-cross', profile: 'quantos', seed: 2 });
      const engine = engineOf({ run });
      engine.command('halt', 'control');
      await expect(whileTimePasses(engine.start())).rejects.toThrow('--roll');
      expect(venue.open).toBe(0);
    });

    it('does not run where it is stopped meanwhile', async () => {
      const engine = engineOf();
      const started = whileTimePasses(engine.start());
      await quiet();
      await engine.stop('enough');
      await expect(started).rejects.toThrow('it was stopped before it ran');
      await engineOf().start();
    });
  });

  it('takes back what stands where it finds that it had halted', async () => {
    const signals: Strategy['signals'] = (market) =>
      market.bars('SPY').pipe(
        map(() => {
          throw new Error('boom');
        }),
      );
    const strategy = { ...strategyOf('sma-cross'), signals };
    const engine = engineOf({ onHalt: 'leave', strategyOf: async () => strategy });
    await engine.start();
    const bar = { time: TUESDAY - 18 * HOUR_US, open: 1, high: 1, low: 1, close: 1, volume: 1 };
    const told = { symbol: 'SPY', resolutionS: 86_400, source: 'x', why: 'warmUp' as const, bars: [bar] };
    venue.lane!.input(HistoryLoaded.of(told), { source: 'still-venue' });
    await pass(1_000);
    expect(engine.health().why).toContain('boom');
    engine.session!.log.flush();
    killed();
    venue.open = 1;
    const again = engineOf({ strategyOf: async () => strategy });
    await expect(whileTimePasses(again.start())).rejects.toThrow(/halted in .*: boom/);
    expect(venue.open).toBe(0);
  });

  it('goes past its core, too, where somebody halts what has halted', async () => {
    const engine = engineOf({ onHalt: 'leave' });
    await engine.start();
    await pass(1_000);
    engine.session!.core.kernel.halt('TEST', 'someone', 'boom');
    venue.open = 1;
    engine.command('halt', 'control');
    await pass(1_000);
    expect(venue.open).toBe(0);
  });

  it('refuses to go on in a session that was begun with another setup, unless it may roll', async () => {
    await engineOf().start();
    await pass(1_000);
    killed();
    const run = runSpec({ strategy: 'sma-cross', seed: 2 });
    await expect(engineOf({ run }).start()).rejects.toThrow(/another setup \(seed\).*--roll/);
    events = [];
    await engineOf({ run, roll: true }).start();
    expect(inputsOf(events).slice(0, 2)).toEqual(['SessionStarted', 'SessionCarried']);
  });
});
