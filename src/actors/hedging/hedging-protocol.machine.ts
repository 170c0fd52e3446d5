/**
 * The life of the put protocol: quiet, armed when the benchmark's support is in danger, entering when it gave way, hedged
 * until it stands again, then a while without. Everything is counted on closes. Its host brings the facts and trades.
 */
import { and, assign, not, setup } from 'xstate';
import type { Config } from '../../domain/config.ts';

/** What a close tells the protocol. */
export interface HedgeFacts {
  /** Of the benchmark. */
  readonly structure: string;
  /** Whether options on the benchmark can be had at all. */
  readonly hasChain: boolean;
  readonly holdsHedge: boolean;
  /** A held put is due to be rolled. */
  readonly isExpiring: boolean;
}

export type HedgeEvent =
  | ({ readonly type: 'CLOSE' } & HedgeFacts)
  /** The benchmark fell within the day as it rarely does; not said without a chain. */
  | { readonly type: 'CRASHED' }
  /** An order for an entry leaves at the next opportunity. */
  | { readonly type: 'ENTRY_ORDERED' }
  /** What caps or liquidity left unhedged was taken out of the tactical shares. */
  | { readonly type: 'EQUITY_REDUCED' }
  /** A put that stays is held. */
  | { readonly type: 'COVERED' }
  /** No hedge is left. */
  | { readonly type: 'BARE' }
  /** An operator wants everything closed. */
  | { readonly type: 'FLATTENED' };

export interface HedgeContext {
  /** Orders of this entry so far. */
  readonly tries: number;
  /** Tactical shares were reduced for this entry or roll already. */
  readonly reduced: boolean;
  /** Closes since the last hedge went. */
  readonly sessions: number;
}

type OnClose = Extract<HedgeEvent, { type: 'CLOSE' }>;

export const hedgingProtocolMachine = ({
  entryTries,
  cooldownSessions,
}: Pick<Config['hedge'], 'entryTries' | 'cooldownSessions'>) => {
  const onClose =
    (rule: (facts: HedgeFacts) => boolean) =>
    ({ event }: { event: HedgeEvent }): boolean =>
      rule(event as OnClose);
  return setup({
    types: { context: {} as HedgeContext, events: {} as HedgeEvent },
    guards: {
      isIntact: onClose(({ structure }) => structure === 'intact'),
      isThreatened: onClose(({ structure }) => structure === 'threatened'),
      isBroken: onClose(({ structure }) => structure === 'broken'),
      hasChain: onClose(({ hasChain }) => hasChain),
      holdsHedge: onClose(({ holdsHedge }) => holdsHedge),
      isExpiring: onClose(({ isExpiring }) => isExpiring),
      hasTried: ({ context }) => context.tries >= entryTries,
      hasCooled: ({ context }) => context.sessions + 1 >= cooldownSessions,
      isBare: not('holdsHedge'),
      isNotBroken: not('isBroken'),
      isNotExpiring: not('isExpiring'),
      isBrokenWithChain: and(['isBroken', 'hasChain']),
      isBareAndBrokenWithChain: and(['isBare', 'isBrokenWithChain']),
      isExpiringAndBroken: and(['isExpiring', 'isBroken']),
      isIntactAndBare: and(['isIntact', 'isBare']),
    },
    actions: {
      countTry: assign({ tries: ({ context }) => context.tries + 1 }),
      countSession: assign({ sessions: ({ context }) => context.sessions + 1 }),
      markReduced: assign({ reduced: true }),
      beginAnew: assign({ tries: 0, reduced: false, sessions: 0 }),
    },
  }).createMachine({
    id: 'hedgingProtocol',
    context: { tries: 0, reduced: false, sessions: 0 },
    initial: 'idle',
    states: {
      idle: {
        entry: 'beginAnew',
        on: {
          CLOSE: [
            // A fill that crossed its cancel is a hedge all the same.
            { target: 'hedged', guard: 'holdsHedge' },
            { target: 'entering', guard: 'isBrokenWithChain' },
            { target: 'armed', guard: 'isThreatened' },
            { target: 'armed', guard: 'isBroken' },
          ],
          CRASHED: 'entering',
        },
      },
      armed: {
        on: {
          CLOSE: [
            { target: 'hedged', guard: 'holdsHedge' },
            { target: 'entering', guard: 'isBrokenWithChain' },
            { target: 'idle', guard: 'isIntact' },
          ],
          CRASHED: 'entering',
          EQUITY_REDUCED: { actions: 'markReduced' },
        },
      },
      entering: {
        on: {
          CLOSE: [
            { target: 'hedged', guard: 'holdsHedge' },
            { target: 'idle', guard: 'isIntact' },
            { target: 'armed', guard: 'isNotBroken' },
            { target: 'cooldown', guard: 'hasTried' },
          ],
          ENTRY_ORDERED: { actions: 'countTry' },
          EQUITY_REDUCED: { actions: 'markReduced' },
          COVERED: 'hedged',
          FLATTENED: 'cooldown',
        },
      },
      hedged: {
        entry: 'beginAnew',
        on: {
          CLOSE: [
            // Left to expire worthless: while the structure is broken, another takes its place.
            { target: 'entering', guard: 'isBareAndBrokenWithChain' },
            { target: 'cooldown', guard: 'isBare' },
            { target: 'unwinding', guard: 'isIntact' },
            { target: 'rolling', guard: 'isExpiringAndBroken' },
            { target: 'unwinding', guard: 'isExpiring' },
          ],
          BARE: 'cooldown',
          FLATTENED: 'unwinding',
        },
      },
      rolling: {
        on: {
          CLOSE: [
            { target: 'cooldown', guard: 'isIntactAndBare' },
            { target: 'unwinding', guard: 'isNotBroken' },
            { target: 'entering', guard: 'isBare' },
            { target: 'hedged', guard: 'isNotExpiring' },
          ],
          ENTRY_ORDERED: { actions: 'countTry' },
          EQUITY_REDUCED: { actions: 'markReduced' },
          COVERED: 'hedged',
          FLATTENED: 'unwinding',
        },
      },
      unwinding: {
        on: {
          CLOSE: { target: 'cooldown', guard: 'isBare' },
          BARE: 'cooldown',
        },
      },
      cooldown: {
        entry: 'beginAnew',
        on: {
          CLOSE: [
            { target: 'hedged', guard: 'holdsHedge' },
            { target: 'idle', guard: 'hasCooled' },
            { actions: 'countSession' },
          ],
        },
      },
    },
  });
};
