/**
 * The regime of one symbol in three parallel regions: where it is heading, how hard it shakes, and whether the ground
 * under it holds. It hears one reading a daily close; its host publishes what changed.
 */
import { and, assign, not, raise, setup, stateIn } from 'xstate';
import type { RegimeConfig } from '../../domain/config.ts';
import type { VolatilityReading } from '../../streams/realized-volatility.ts';
import type { RegimeReading, StructureReading, TrendReading } from '../../streams/regime-readings.ts';

type Trend = 'bull' | 'bear' | 'range';

/** What a regime remembers beside its states: plain JSON, carried from session to session. */
export interface RegimeContext {
  /** The trend the last closes speak for, and how many of them in a row. */
  readonly candidate: Trend | null;
  readonly candidateCloses: number;
  /** The swing low that gave way last, and the closes in a row that count for its reclaim. */
  readonly frozenLevel: number | null;
  readonly reclaimCloses: number;
}

export type RegimeEvent =
  | { readonly type: 'CLOSE'; readonly reading: RegimeReading }
  /** The same close again: structure is judged by the volatility of its own day, not of the day before. */
  | { readonly type: 'VOLATILITY_JUDGED'; readonly reading: RegimeReading }
  /** Prices count anew: `factor` new dollars for an old one. */
  | { readonly type: 'SPLIT'; readonly factor: number };

interface Heard {
  readonly context: RegimeContext;
  readonly event: RegimeEvent;
}

/** Everything but a split comes with one. */
const readingOf = (event: RegimeEvent): RegimeReading =>
  (event as Extract<RegimeEvent, { type: 'CLOSE' }>).reading;

/** The rules of all regions for one symbol's numbers. */
function regimeRules({ trend, volatility, structure }: RegimeConfig) {
  const onVolatility =
    (rule: (reading: VolatilityReading) => boolean) =>
    ({ event }: Heard): boolean => {
      const reading = readingOf(event).volatility;
      return reading !== undefined && rule(reading);
    };
  const onStructure =
    (rule: (close: number, reading: StructureReading, context: RegimeContext) => boolean) =>
    ({ context, event }: Heard): boolean => {
      const { close, structure: reading } = readingOf(event);
      return reading !== undefined && rule(close, reading, context);
    };

  /** What one close speaks for: staying in a trend takes less than entering it. */
  const speaksFor = (from: Trend, reading: TrendReading): Trend => {
    if (from === 'bull' && reading.votesHeld >= trend.bullHold) return 'bull';
    if (from === 'bear' && reading.votesClear <= trend.bearHold) return 'bear';
    if (reading.votesClear >= trend.bullEnter) return 'bull';
    return reading.votesHeld <= trend.bearEnter ? 'bear' : 'range';
  };
  const count = ({ context, event }: Heard, from: Trend) => {
    const reading = readingOf(event).trend;
    if (reading === undefined) return { candidate: null, candidateCloses: 0 };
    const candidate = speaksFor(from, reading);
    return { candidate, candidateCloses: candidate === context.candidate ? context.candidateCloses + 1 : 1 };
  };
  const reclaims = onStructure(
    (close, { smaFast, atr }, { frozenLevel }) =>
      close > smaFast || close > frozenLevel! + structure.reclaimAtr * atr,
  );
  const countReclaims = (heard: Heard): number => (reclaims(heard) ? heard.context.reclaimCloses + 1 : 0);

  return {
    /** Enough closes in a row, this one included, speak for the other trend. */
    confirms: (heard: Heard, from: Trend, to: Trend): boolean => {
      const { candidate, candidateCloses } = count(heard, from);
      return candidate === to && candidateCloses >= trend.confirmCloses;
    },
    count,
    entersStressed: onVolatility(
      ({ percentile, realized }) =>
        percentile >= volatility.stressedIn && realized >= volatility.neverStressedBelow,
    ),
    leavesStressed: onVolatility(
      ({ percentile, realized }) =>
        percentile < volatility.stressedOut || realized < volatility.neverStressedBelow,
    ),
    entersElevated: onVolatility(
      ({ percentile, realized }) =>
        percentile >= volatility.elevatedIn || realized > volatility.neverCalmAbove,
    ),
    leavesElevated: onVolatility(
      ({ percentile, realized }) =>
        percentile < volatility.elevatedOut && realized <= volatility.neverCalmAbove,
    ),
    isMeasured: onVolatility(() => true),
    /** Through the low of the range, or a crash. */
    givesWay: onStructure(
      (close, { rangeLow, atr, dayReturn, sigmaBefore }) =>
        close < rangeLow - structure.brokenAtr * atr || dayReturn < -structure.crashSigma * sigmaBefore,
    ),
    nearsSupport: onStructure(
      (close, { support, atr, smaFast }) =>
        close < support + structure.threatenedAtr * atr && close < smaFast,
    ),
    clearsSupport: onStructure((close, { support, atr }) => close > support + structure.clearAtr * atr),
    hasGround: (heard: Heard): boolean =>
      readingOf(heard.event).structure !== undefined && readingOf(heard.event).volatility !== undefined,
    levelReclaimed: (heard: Heard): boolean => countReclaims(heard) >= structure.reclaimCloses,
    countReclaims,
  };
}

/** One close in a trend: change to the trend that is confirmed, or only count. */
const trendCloses = <From extends Trend | 'warmingUp'>(from: From, others: readonly Trend[]) => {
  // Nothing is held while warming up, as in a range.
  const held: Trend = from === 'warmingUp' ? 'range' : from;
  const counting = { type: 'countCloses', params: { from: held } } as const;
  return [
    ...others.map((to) => ({
      target: to,
      guard: { type: 'confirms', params: { from: held, to } } as const,
      actions: counting,
    })),
    { actions: counting },
  ];
};

export const marketRegimeMachine = (config: RegimeConfig) => {
  const rules = regimeRules(config);
  return setup({
    types: { context: {} as RegimeContext, events: {} as RegimeEvent },
    guards: {
      confirms: (heard, { from, to }: { from: Trend; to: Trend }) => rules.confirms(heard, from, to),
      entersStressed: rules.entersStressed,
      leavesStressed: rules.leavesStressed,
      entersElevated: rules.entersElevated,
      leavesElevated: rules.leavesElevated,
      isMeasured: rules.isMeasured,
      givesWay: rules.givesWay,
      nearsSupport: rules.nearsSupport,
      clearsSupport: rules.clearsSupport,
      hasGround: rules.hasGround,
      levelReclaimed: rules.levelReclaimed,
      notCalm: not(stateIn({ volatility: 'calm' })),
      leavesStressedForCalm: and(['leavesStressed', 'leavesElevated']),
      givesWayNotCalm: and(['givesWay', 'notCalm']),
    },
    actions: {
      countCloses: assign((heard, { from }: { from: Trend }) => rules.count(heard, from)),
      judgeStructure: raise(({ event }) => ({
        type: 'VOLATILITY_JUDGED' as const,
        reading: readingOf(event),
      })),
      // The swing low the decline came from, not the support nearest to the close: that one lies lower with every close.
      freezeLevel: assign({
        frozenLevel: ({ event }) => readingOf(event).structure!.swingLow,
        reclaimCloses: 0,
      }),
      rescale: assign({
        frozenLevel: ({ context, event }) =>
          event.type === 'SPLIT' && context.frozenLevel !== null
            ? context.frozenLevel * event.factor
            : context.frozenLevel,
      }),
      countReclaims: assign({ reclaimCloses: (heard) => rules.countReclaims(heard) }),
    },
  }).createMachine({
    id: 'marketRegime',
    context: { candidate: null, candidateCloses: 0, frozenLevel: null, reclaimCloses: 0 },
    type: 'parallel',
    on: { SPLIT: { actions: 'rescale' } },
    states: {
      trend: {
        id: 'trend',
        initial: 'warmingUp',
        states: {
          warmingUp: { on: { CLOSE: trendCloses('warmingUp', ['bull', 'bear', 'range']) } },
          bull: { on: { CLOSE: trendCloses('bull', ['bear', 'range']) } },
          bear: { on: { CLOSE: trendCloses('bear', ['bull', 'range']) } },
          range: { on: { CLOSE: trendCloses('range', ['bull', 'bear']) } },
        },
      },
      volatility: {
        id: 'volatility',
        initial: 'warmingUp',
        states: {
          warmingUp: {
            on: {
              CLOSE: [
                { target: 'stressed', guard: 'entersStressed' },
                { target: 'elevated', guard: 'entersElevated' },
                { target: 'calm', guard: 'isMeasured' },
              ],
            },
          },
          calm: {
            on: {
              CLOSE: [
                { target: 'stressed', guard: 'entersStressed' },
                { target: 'elevated', guard: 'entersElevated' },
              ],
            },
          },
          elevated: {
            on: {
              CLOSE: [
                { target: 'stressed', guard: 'entersStressed' },
                { target: 'calm', guard: 'leavesElevated' },
              ],
            },
          },
          stressed: {
            on: {
              CLOSE: [
                { target: 'calm', guard: 'leavesStressedForCalm' },
                { target: 'elevated', guard: 'leavesStressed' },
              ],
            },
          },
        },
      },
      structure: {
        id: 'structure',
        initial: 'warmingUp',
        on: { CLOSE: { actions: 'judgeStructure' } },
        states: {
          warmingUp: {
            on: { VOLATILITY_JUDGED: { target: 'intact', guard: 'hasGround' } },
          },
          intact: {
            on: {
              VOLATILITY_JUDGED: [
                { target: 'broken', guard: 'givesWayNotCalm', actions: 'freezeLevel' },
                { target: 'threatened', guard: 'nearsSupport' },
              ],
            },
          },
          threatened: {
            on: {
              VOLATILITY_JUDGED: [
                { target: 'broken', guard: 'givesWayNotCalm', actions: 'freezeLevel' },
                { target: 'intact', guard: 'clearsSupport' },
              ],
            },
          },
          broken: {
            on: {
              VOLATILITY_JUDGED: [
                { target: 'intact', guard: 'levelReclaimed', actions: 'countReclaims' },
                { actions: 'countReclaims' },
              ],
            },
          },
        },
      },
    },
  });
};

export type RegimeRegion = 'trend' | 'volatility' | 'structure';

/** The numbers behind a region's state at this close, for the event that says it changed. */
export function regimeEvidence(
  region: RegimeRegion,
  reading: RegimeReading,
  context: RegimeContext,
): Record<string, number | null> {
  const evidence: Record<string, number | null> = { close: reading.close, ...reading[region] };
  if (region === 'structure') evidence.frozenLevel = context.frozenLevel;
  return evidence;
}
