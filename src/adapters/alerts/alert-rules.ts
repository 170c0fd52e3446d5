/** Which events somebody should hear of who is not watching, and in which words. */

import type { CorporateActionHeard, Reconciled, ReconciliationFailed } from '../../events/account.events.ts';
import type { TradingStateChanged } from '../../events/decision.events.ts';
import type { PayloadOf } from '../../events/define-event.ts';
import type {
  EngineHalted,
  OperatorCommanded,
  SessionEnded,
  SessionStarted,
} from '../../events/engine.events.ts';
import type { StoredEvent } from '../../events/envelope.ts';
import type { FeedStatusChanged, MessageRejected, ViewSourceChanged } from '../../events/feed.events.ts';
import type { HedgeSized, HedgeStateChanged } from '../../events/option.events.ts';
import type { OrderGivenUp, OrderOutcomeUnknown } from '../../events/order.events.ts';

export interface Alert {
  /** The same key again within a while says nothing new. */
  readonly key: string;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly title: string;
  readonly detail: string;
}

type Rule = (payload: never) => Alert | null;

const rules: Readonly<Record<string, Rule>> = {
  EngineHalted: ({ code, actor, message }: PayloadOf<typeof EngineHalted>) => ({
    key: `halted-${code}`,
    severity: 'critical',
    title: 'The engine halted: it records and decides nothing',
    detail: `${actor} (${code}): ${message}`,
  }),
  TradingStateChanged: ({ from, to, reason }: PayloadOf<typeof TradingStateChanged>) => ({
    key: `trading-${to}-${reason}`,
    severity: to === 'halted' ? 'critical' : to === 'reducing' ? 'warning' : 'info',
    title: `Trading: ${from} to ${to}`,
    detail: reason,
  }),
  FeedStatusChanged: ({ feed, from, to, reason }: FeedStatusChanged) =>
    to === 'stale' || to === 'failover' || (to === 'live' && from !== 'connecting')
      ? {
          key: `feed-${feed}-${to}`,
          severity: to === 'live' ? 'info' : 'warning',
          title: `Feed ${feed} is ${to}`,
          detail: reason,
        }
      : null,
  ViewSourceChanged: ({ source, status, detail }: PayloadOf<typeof ViewSourceChanged>) =>
    status === 'failed'
      ? {
          key: `view-${source}`,
          severity: 'warning',
          title: `The view-only source ${source} fails, too`,
          detail,
        }
      : null,
  Reconciled: ({ ok, differences }: PayloadOf<typeof Reconciled>) =>
    ok
      ? null
      : {
          key: 'reconciled',
          severity: 'critical',
          title: "The venue's account differs from ours",
          detail: differences
            .map(
              ({ what, symbol, ours, theirs }) => `${what} ${symbol ?? ''}: ours ${ours}, theirs ${theirs}`,
            )
            .join('; '),
        },
  ReconciliationFailed: ({ reason, permanent }: PayloadOf<typeof ReconciliationFailed>) => ({
    key: 'reconciliation-failed',
    severity: permanent ? 'critical' : 'warning',
    title: 'The venue could not be asked for the account',
    detail: reason,
  }),
  CorporateActionHeard: ({ symbol, actionId, problem }: PayloadOf<typeof CorporateActionHeard>) =>
    problem === null
      ? null
      : {
          key: `corporate-action-${actionId}`,
          severity: 'critical',
          title: `Something ${symbol} did to its shares is not in the books`,
          detail: `${problem}; nothing goes out for ${symbol}: compare the account, settle it by hand, then reset`,
        },
  // Of market data a message more or less is no news; that nobody can be asked what companies did is.
  MessageRejected: ({ source, reason }: PayloadOf<typeof MessageRejected>) =>
    source === 'corporate-actions'
      ? {
          key: `corporate-action-${reason}`,
          severity: 'critical',
          title: 'What companies did to their shares cannot be asked',
          detail: reason,
        }
      : null,
  OrderGivenUp: ({ ordinal, reason }: PayloadOf<typeof OrderGivenUp>) => ({
    key: `given-up-${ordinal}`,
    severity: 'warning',
    title: `Order ${ordinal} was given up`,
    detail: reason,
  }),
  OrderOutcomeUnknown: ({ ordinal, reason }: PayloadOf<typeof OrderOutcomeUnknown>) => ({
    key: `unknown-${ordinal}`,
    severity: 'warning',
    title: `Nobody knows what became of order ${ordinal}: its symbol is frozen`,
    detail: reason,
  }),
  HedgeStateChanged: ({ from, to, reason }: PayloadOf<typeof HedgeStateChanged>) =>
    to === 'armed' || (from === 'cooldown' && to === 'idle')
      ? null
      : {
          key: `hedge-${to}`,
          severity: to === 'entering' || to === 'hedged' ? 'warning' : 'info',
          title: `The put protocol: ${from} to ${to}`,
          detail: reason,
        },
  HedgeSized: ({ purpose, contract, quantity, unhedged }: PayloadOf<typeof HedgeSized>) =>
    unhedged > 0
      ? {
          key: `unhedged-${purpose}`,
          severity: 'warning',
          title: 'Part of the exposure stays unhedged',
          detail: `${contract === null ? 'no put would do' : `${quantity} ${contract}`}, $${Math.round(unhedged)} left open`,
        }
      : null,
  OperatorCommanded: ({ command, symbol, by }: PayloadOf<typeof OperatorCommanded>) => ({
    key: `operator-${command}-${symbol}`,
    severity: 'warning',
    title: `Operator: ${command}${symbol === null ? '' : ` ${symbol}`}`,
    detail: `by ${by}`,
  }),
  SessionStarted: ({ session, mode, continues }: PayloadOf<typeof SessionStarted>) => ({
    key: `started-${session}`,
    severity: 'info',
    title: `Session ${session} started (${mode})`,
    detail: continues === null ? '' : `continues ${continues}`,
  }),
  SessionResumed: () => ({
    key: 'resumed',
    severity: 'warning',
    title: 'The engine came back inside a session',
    detail: '',
  }),
  SessionEnded: ({ reason }: PayloadOf<typeof SessionEnded>) => ({
    key: 'ended',
    severity: 'info',
    title: 'The session ended',
    detail: reason,
  }),
};

/** What no event says: the log is at its end, or what becomes of orders while nobody decides. */
export const faultAlert = (state: 'halted' | 'failed', why: string): Alert => ({
  key: `${state}: ${why}`,
  severity: 'critical',
  title: state === 'failed' ? 'The engine cannot record any more' : 'The engine stays halted',
  detail: why,
});

/** Null for what nobody need be woken for. */
export const alertOf = ({ type, payload }: Pick<StoredEvent, 'type' | 'payload'>): Alert | null =>
  Object.hasOwn(rules, type) ? rules[type](payload as never) : null;
