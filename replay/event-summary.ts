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

type Test = { test: string; value: unknown; limit: unknown; pass: boolean };

/** What failed comes first: it decided. In brackets what would have passed. */
const tested = (tests: unknown): string => {
  const told = (passed: boolean) =>
    (tests as Test[])
      .filter(({ pass }) => pass === passed)
      .map(({ test, value, limit }) => {
        const wanted = limit === null || limit === value ? '' : ` (${amount(limit)})`;
        return `${test} ${amount(value)}${wanted}`;
      })
      .join(', ');
  const [failing, passing] = [told(false), told(true)];
  const parts = [failing && `FAILED ${failing}`, passing && `passed ${passing}`].filter(
    (part) => part !== '',
  );
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`;
};

const dollars = (value: unknown): string =>
  typeof value === 'number' ? `${value < 0 ? '-' : ''}$${Math.abs(Math.round(value))}` : String(value);
const share = (value: unknown): string =>
  typeof value === 'number' ? `${Math.round(value * 1e3) / 10} %` : String(value);

const quoted = ({ bidPx, askPx }: Payload): string =>
  typeof bidPx === 'number' ? `, quoted ${amount(bidPx)} / ${amount(askPx)}` : '';

const seconds = ({ from, to }: Payload): string => `${amount((Number(to) - Number(from)) / 1e6)} s`;

const order = (p: Payload): string => `${p.side} ${sized(p.size)} ${p.symbol}${priced(p)}`;

const WALKS: Readonly<Record<string, string>> = {
  start: 'begins at the midpoint',
  step: 'steps towards the far touch',
  follow: 'follows the midpoint',
  touch: 'takes the touch',
  patience: 'its patience is over',
  stale: 'stands still, the quote is stale',
  resume: 'goes on, the quote is fresh',
};
const SETTLES: Readonly<Record<string, string>> = { physical: 'settled in shares', cash: 'settled in cash' };
const MADE_FROM: Readonly<Record<string, string>> = {
  fitted: "from the underlying's own bars",
  index: 'from a volatility index',
};

function hedgeSize({ contract, quantity, target, exposure, premium, unhedged }: Payload): string {
  const wanted = contract === null ? 'no put' : `${amount(quantity)} ${contract}`;
  const cost = Number(premium) > 0 ? `, premium ${dollars(premium)}` : '';
  const open = Number(unhedged) > 0 ? `, ${dollars(unhedged)} left unhedged` : '';
  return `${wanted} for ${dollars(target)} of an exposure of ${dollars(exposure)}${cost}${open}`;
}

function settled({
  symbol,
  how,
  quantity,
  optionPx,
  shares,
  strike,
  underlying,
  underlyingPx,
}: Payload): string {
  const word = how === 'cashSettled' ? `settled in cash at ${amount(optionPx)}` : String(how);
  const units = Number(shares);
  const moved =
    units === 0
      ? ''
      : `; ${units > 0 ? 'bought' : 'sold'} ${amount(Math.abs(units))} ${underlying} at ${amount(strike)}`;
  return `${amount(quantity)} ${symbol} ${word}, ${underlying} at ${amount(underlyingPx)}${moved}`;
}

const cash = (micros: unknown): string => {
  const value = Number(micros) / 1e6;
  return `${value < 0 ? '-' : ''}$${amount(Math.abs(value))}`;
};

function reported({ account, positions, orders }: Payload): string {
  const { cashMicros, equityMicros, blocked } = account as Payload;
  const count = (list: unknown, what: string) => `${(list as unknown[]).length} ${what}`;
  const barred = blocked === null ? '' : `; BLOCKED: ${blocked}`;
  return `the venue has equity ${cash(equityMicros)}, cash ${cash(cashMicros)}, ${count(positions, 'positions')}, ${count(orders, 'open orders')}${barred}`;
}

function reconciled({ ok, differences }: Payload): string {
  const found = (differences as Payload[]).map(({ what, symbol, ordinal, ours, theirs, action }) => {
    const whose = [symbol, ordinal === null ? null : `order ${ordinal}`].filter((each) => each !== null);
    return `${[what, ...whose].join(' ')}: ours ${amount(ours)}, theirs ${amount(theirs)}, ${action}`;
  });
  const verdict = ok === true ? 'the account agrees with the log' : 'the account needs a person';
  return found.length === 0 ? verdict : `${verdict}; ${found.join('; ')}`;
}

const SCENARIOS: Readonly<Record<string, string>> = {
  overreactionDip: 'overreaction dip',
  confirmedBreakout: 'confirmed breakout',
  deathSpiral: 'death spiral',
};

function received({ signal, sourceSystem, confidence }: Payload): string {
  const { key, ...value } = signal as Payload;
  const told = Object.entries(value).map(([name, each]) => `${name} ${amount(each)}`);
  return `${key}: ${told.join(', ')}, from ${sourceSystem}, confidence ${amount(confidence)}`;
}

function confluence({ symbol, scenario, spike, catalyst }: Payload): string {
  const { source, multiplier, priceChange, synthetic } = spike as Payload;
  const { score, sourceSystem, ageS } = catalyst as Payload;
  const made = synthetic === true ? ', a synthetic entry' : '';
  return `${symbol}: ${SCENARIOS[String(scenario)] ?? scenario}; ${amount(multiplier)} times the volume at ${share(priceChange)} by ${source}${made}, sentiment ${amount(score)} of ${sourceSystem}, ${amount(ageS)} s old`;
}

const summaries: Readonly<Record<string, (p: Payload) => string>> = {
  RegimeChanged: (p) => `${p.symbol} ${p.region}: ${p.from} -> ${p.to} (${numbers(p.evidence)})`,
  ConvictionChanged: (p) =>
    `${p.symbol} ${p.direction} conviction ${amount(p.conviction)} by ${p.strategy} (${numbers(p.evidence)})`,
  SelectionMade: (p) => `${p.symbol}: ${p.choice}, ${p.reason}${tested(p.tests)}`,
  ExitTriggered: (p) => `${p.symbol} ${p.plan} exit: ${p.reason}${tested(p.tests)}`,
  VolatilityGuardChanged: (p) => `${p.symbol} guard: ${p.from} -> ${p.to}${tested(p.tests)}`,
  HedgeStateChanged: (p) => `hedge: ${p.from} -> ${p.to}, ${p.reason}${tested(p.tests)}`,
  HedgeSized: (p) => `hedge to ${p.purpose}: ${hedgeSize(p)}${tested(p.tests)}`,
  LiquidityFailed: (p) =>
    `${p.symbol} is not liquid enough to ${p.action}${p.intent === null ? '' : ` (intent ${p.intent})`}${tested(p.tests)}`,
  WalkStepped: (p) =>
    `intent ${p.intent}, ${WALKS[String(p.why)] ?? p.why}: limit ${amount(p.limitPx)} in ${amount(p.bidPx)} / ${amount(p.askPx)}, at most to ${amount(p.capPx)}${p.ordinal === null ? '' : `; order ${p.ordinal} makes way`}`,
  ContractDefined: (p) =>
    `${p.symbol} is an option on ${p.underlying}, ${p.style}, ${SETTLES[String(p.settlement)]}`,
  ChainRecorded: (p) =>
    `chain of ${p.underlying} recorded: ${(p.openInterest as unknown[]).length} contracts${p.underlyingPx === null ? '' : `, ${p.underlying} at ${amount(p.underlyingPx)}`}`,
  VolatilityModelled: (p) =>
    `${p.underlying} at-the-money volatility ${share(p.vol)}, MODELLED (${MADE_FROM[String(p.from)]}; ${numbers(p.evidence)})`,
  OptionSettled: (p) => settled(p),
  SplitApplied: (p) =>
    `${p.symbol} split ${p.numerator} for ${p.denominator}${p.cashInLieuPx === null ? '' : `, fractions paid at ${amount(p.cashInLieuPx)}`}`,
  TradingStateChanged: (p) => `${p.from} -> ${p.to}: ${p.reason}${tested(p.tests)}`,
  IntentDeferred: (p) => `intent ${p.intent} for the next open: ${p.action}, ${order(p)} (${p.reason})`,
  IntentDropped: (p) => `intent ${p.intent} dropped: ${p.reason}`,
  OrderIntended: (p) => `order ${p.ordinal}: ${p.action}, ${order(p)}${quoted(p)} (${p.reason})`,
  RiskApproved: (p) => `order ${p.ordinal} approved${tested(p.tests)}`,
  OrderDenied: (p) => `order ${p.ordinal} denied: ${p.reason}${tested(p.tests)}`,
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
  CodeDefined: (p) => `${p.dictionary} ${p.id} is ${p.code}`,
  DatasetSummarized: (p) =>
    `data of ${(p.symbols as { symbol: string; records: number }[]).map(({ symbol, records }) => `${symbol} (${records} records)`).join(', ')}; ${p.rejected} lines refused`,
  LineRejected: (p) => `${p.file}, line ${p.line}: ${p.reason}`,
  TicksConflated: (p) => `${p.count} ticks of ${p.symbol} were merged under load`,
  TickRejected: (p) =>
    `${p.symbol} ${p.tick} refused: ${p.reason} (${Object.entries(p.values as Record<string, string>)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')})`,
  CancelRejected: (p) => `order ${p.ordinal}: the cancel was rejected, ${p.reason}`,
  OrderOutcomeUnknown: (p) => `order ${p.ordinal}: nobody knows what became of it, ${p.reason}`,
  TradeBusted: (p) => `order ${p.ordinal}: execution ${p.executionId} taken back, ${p.reason}`,
  TradeCorrected: (p) =>
    `order ${p.ordinal}: execution ${p.executionId} corrected to ${amount(p.lastQty)} at ${amount(p.lastPx)}`,
  SessionCarried: (p) =>
    `carries on from ${p.from}: ${Object.keys(p.state as object).join(', ') || 'nothing'}`,
  SessionResumed: (p) => `resumed: ${p.reason}`,
  SessionEnded: (p) => `ended: ${p.reason}`,
  TradingResumed: () => 'decisions may lead to orders again',
  ClockTicked: () => 'time passes',
  OperatorCommanded: (p) => `${p.by} says ${p.command}${p.symbol === null ? '' : ` of ${p.symbol}`}`,
  EngineHalted: (p) => `${p.code} in ${p.actor}: ${p.message}`,
  TimerFired: (p) => `timer ${p.n} of ${p.actor}`,
  FeedOpened: (p) => `feed ${p.feed} of ${p.source}${p.tradable === true ? '' : ', to look at only'}`,
  FeedConnected: (p) => `feed ${p.feed} connected`,
  FeedLost: (p) => `feed ${p.feed} lost: ${p.reason}`,
  FeedStatusChanged: (p) => `feed ${p.feed}: ${p.from} -> ${p.to}, ${p.reason}`,
  FeedGapDetected: (p) => `feed ${p.feed}: nothing heard for ${seconds(p)}, ${p.reason}`,
  BackfillRequested: (p) => `feed ${p.feed}: bars of ${seconds(p)} asked for`,
  BackfillEnded: (p) =>
    p.failed === null
      ? `feed ${p.feed}: ${p.bars} bars of the gap fetched`
      : `feed ${p.feed}: the gap's bars could not be fetched, ${p.failed}`,
  HistoryLoaded: (p) =>
    `${(p.bars as unknown[]).length} bars of ${p.symbol} ${p.why === 'warmUp' ? 'to warm up' : 'of a gap'}, from ${p.source}`,
  ViewQuoted: (p) => `VIEW ONLY ${p.symbol} ${amount(p.viewPx)}`,
  ViewSourceChanged: (p) => `VIEW ONLY source ${p.source} ${p.status}: ${p.detail}`,
  SymbolHaltChanged: (p) => `${p.symbol} ${p.halted === true ? 'halted' : 'trades again'}: ${p.reason}`,
  ReconciliationRequested: (p) => `the venue is asked for the account: ${p.reason}`,
  ReconciliationFailed: (p) => `the venue could not be asked for the account: ${p.reason}`,
  HoldingAdopted: (p) =>
    `found in the account: ${amount(p.quantity)} ${p.symbol}, a core holding from now on`,
  OrderGivenUp: (p) => `order ${p.ordinal} given up: ${p.reason}`,
  CoreDeclared: (p) => `core holding: ${amount(p.quantity)} ${p.symbol} at ${amount(p.px)}`,
  VenueReported: (p) => reported(p),
  CashMoved: (p) =>
    `${p.kind}${p.symbol === null ? '' : ` of ${p.symbol}`}: ${cash(p.micros)}${p.note === '' ? '' : ` (${p.note})`}`,
  CorporateActionHeard: (p) =>
    `${p.symbol}: ${p.what}, in effect from ${p.day}${p.problem === null ? '' : `; not booked, and held back until a reset: ${p.problem}`}`,
  SymbolChanged: (p) => `${p.from} trades as ${p.to} from now on`,
  CashAligned: (p) => `cash takes the venue's figure: ${cash(p.deltaMicros)}`,
  Reconciled: (p) => reconciled(p),
  PriceBandsSet: (p) => `${p.symbol} trades between ${amount(p.lowerPx)} and ${amount(p.upperPx)}`,
  MessageRejected: (p) => `a message of ${p.source} was not used: ${p.reason} (${p.excerpt})`,
  QuotesWanted: (p) =>
    `feed ${p.feed}: quotes of ${(p.symbols as string[]).join(', ') || 'nothing'} are wanted`,
  UpdateAttempted: (p) => `order ${p.ordinal}: change sent, ${amount(p.quantity)} at ${amount(p.limitPx)}`,
  OrderLookupRequested: (p) => `order ${p.ordinal} is looked up, attempt ${p.attempt}`,
  OrderUpdated: (p) =>
    `order ${p.ordinal} is now ${amount(p.quantity)} at ${amount(p.limitPx)}, as ${p.venueOrderId}`,
  UpdateRejected: (p) => `order ${p.ordinal}: the change was rejected, ${p.reason}`,
  OrderNotFound: (p) => `order ${p.ordinal}: the venue does not know it`,
  OrderLookupFailed: (p) => `order ${p.ordinal} could not be looked up: ${p.reason}`,
  StatusUnmapped: (p) =>
    `${p.ordinal === null ? `an order of the venue, ${p.venueOrderId},` : `order ${p.ordinal}`} has a status nobody knows: ${p.status}`,
  IntelBusOpened: (p) =>
    `the Intel Bus is open ${p.transport === 'redis' ? 'over Redis' : 'within this process'}; volume spikes come from ${p.cloud === true ? 'BigQuery' : "the engine's own bars"}`,
  IntelBusStatusChanged: (p) => `Redis is ${p.status}: ${p.detail}`,
  IntelReceived: (p) => received(p),
  IntelRejected: (p) => `${p.key} does not count: ${p.reason} (${p.excerpt})`,
  FearGreedReported: (p) => `fear and greed at ${amount(p.value)}, by ${p.source}`,
  PartnerPositionsReported: (p) => `the partner has ${p.count} positions open, by ${p.source}`,
  CloudSignalsReported: (p) =>
    `${p.source}: ${(p.spikes as Payload[]).map((each) => `${each.symbol} ${amount(each.multiplier)}x`).join(', ') || 'no volume spike'}`,
  CloudStatusChanged: (p) => `${p.source} is ${p.status}${p.detail === '' ? '' : `: ${p.detail}`}`,
  IntelPublished: (p) => `${p.key} ${p.why}: ${JSON.stringify(p.value)}, from ${p.from}`,
  VolumeSpiked: (p) =>
    `${p.symbol} traded ${amount(p.multiplier)} times its normal five minutes, ${share(p.priceChange)}`,
  ConfluenceFound: (p) => confluence(p),
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
