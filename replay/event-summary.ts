/** One line per record for people: what it says, without its bookkeeping. */
import type { StoredEvent } from '../src/events/envelope.ts';
import { type Tick, TickKind } from '../src/events/tick.ts';

type Payload = Record<string, unknown>;

const amount = (value: unknown): string =>
  typeof value === 'number' ? `${Math.round(value * 1e4) / 1e4}` : String(value);

const sized = (size: unknown): string => {
  const { kind, quantity, fraction } = size as { kind: string; quantity?: number; fraction?: number };
  return kind === 'quantity' ? amount(quantity) : `${amount(fraction! * 100)} % of equity in`;
};

const priced = ({ orderType, limitPx, stopPx }: Payload): string =>
  orderType === 'limit' && limitPx !== null
    ? ` limit ${amount(limitPx)}`
    : stopPx !== null
      ? ` stop ${amount(stopPx)}`
      : ` ${orderType}`;

const numbers = (evidence: unknown): string =>
  Object.entries(evidence as Record<string, number | null>)
    .map(([name, value]) => `${name} ${amount(value)}`)
    .join(', ');

const failed = (tests: unknown): string =>
  (tests as { test: string; value: unknown; limit: unknown; pass: boolean }[])
    .map(
      ({ test, value, limit, pass }) =>
        `${test} ${amount(value)} ${pass ? 'within' : 'NOT within'} ${amount(limit)}`,
    )
    .join(', ');

const order = (p: Payload): string => `${p.side} ${sized(p.size)} ${p.symbol}${priced(p)}`;

const summaries: Readonly<Record<string, (p: Payload) => string>> = {
  RegimeChanged: (p) => `${p.symbol} ${p.region}: ${p.from} -> ${p.to} (${numbers(p.evidence)})`,
  ConvictionChanged: (p) =>
    `${p.symbol} ${p.direction} conviction ${amount(p.conviction)} by ${p.strategy} (${numbers(p.evidence)})`,
  SelectionMade: (p) => `${p.symbol}: ${p.choice}, ${p.reason} (${failed(p.tests)})`,
  ExitTriggered: (p) => `${p.symbol} exit: ${p.reason} (${failed(p.tests)})`,
  TradingStateChanged: (p) => `${p.from} -> ${p.to}: ${p.reason} (${failed(p.tests)})`,
  IntentDeferred: (p) => `intent ${p.intent} for the next open: ${p.action}, ${order(p)} (${p.reason})`,
  IntentDropped: (p) => `intent ${p.intent} dropped: ${p.reason}`,
  OrderIntended: (p) => `order ${p.ordinal}: ${p.action}, ${order(p)} (${p.reason})`,
  RiskApproved: (p) =>
    `order ${p.ordinal} approved${(p.tests as unknown[]).length > 0 ? `: ${failed(p.tests)}` : ''}`,
  OrderDenied: (p) => `order ${p.ordinal} denied: ${p.reason} (${failed(p.tests)})`,
  SubmitAttempted: (p) => `order ${p.ordinal} sent: ${order(p)}`,
  CancelAttempted: (p) => `order ${p.ordinal}: cancel sent, ${p.reason}`,
  OrderFilled: (p) =>
    `order ${p.ordinal}: ${p.side} ${amount(p.lastQty)} ${p.symbol} at ${amount(p.lastPx)}, ${amount(p.leavesQty)} left`,
  OrderAccepted: (p) => `order ${p.ordinal} accepted as ${p.venueOrderId}`,
  OrderRejected: (p) => `order ${p.ordinal} rejected: ${p.reason}`,
  OrderCanceled: (p) => `order ${p.ordinal} canceled: ${p.reason}`,
  OrderExpired: (p) => `order ${p.ordinal} expired`,
  MarketOpened: (p) => `${p.calendar} opened ${p.day}`,
  MarketClosed: (p) => `${p.calendar} closed ${p.day}`,
  SessionStarted: (p) => `session ${p.session} (${p.mode})`,
  SymbolDefined: (p) => `${p.symbol} is symbol ${p.id}`,
  EngineHalted: (p) => `${p.code} in ${p.actor}: ${p.message}`,
  TimerFired: (p) => `timer ${p.n} of ${p.actor}`,
  CoreDeclared: (p) => `core holding: ${amount(p.quantity)} ${p.symbol} at ${amount(p.px)}`,
};

export function summarizeEvent({ type, payload, json }: StoredEvent): string {
  const summarize = summaries[type];
  return summarize === undefined ? json : summarize(payload as Payload);
}

export function summarizeTick(tick: Tick, symbol: string): string {
  switch (tick.kind) {
    case TickKind.quote:
      return `${symbol} ${amount(tick.bidPx)} x ${amount(tick.bidSize)} / ${amount(tick.askPx)} x ${amount(tick.askSize)}`;
    case TickKind.trade:
      return `${symbol} ${amount(tick.size)} at ${amount(tick.px)}`;
    case TickKind.bar:
      return `${symbol} open ${amount(tick.open)} high ${amount(tick.high)} low ${amount(tick.low)} close ${amount(tick.close)} volume ${amount(tick.volume)}`;
    case TickKind.openPrint:
      return `${symbol} opened at ${amount(tick.px)}`;
  }
}
