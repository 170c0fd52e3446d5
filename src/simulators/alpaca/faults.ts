/**
 * What can go wrong at the venue and on the way to it, as a list: by time since the start, or at the n-th request, order or
 * message since the fault was armed. A seed draws a mix of them, in which whole classes are absent.
 */
import { z } from 'zod';
import type { HostClock } from '../../bus/ports.ts';
import { InputError } from '../../domain/input-error.ts';
import { createRandom } from '../../domain/random.ts';
import { schemaSentence } from '../../domain/schema-sentence.ts';

const streamNames = ['stocks', 'options', 'crypto', 'orders'] as const;
export type StreamName = (typeof streamNames)[number];
const stream = z.enum(streamNames);
const route = z.enum(['submit', 'cancel', 'replace', 'lookup', 'account', 'data', 'any']);
export type Route = z.infer<typeof route>;

/** From now: 1 is the next one. */
const nth = z.int().positive().default(1);
/** Milliseconds of the venue's clock after the start; 0 is at once. */
const atMs = z.number().min(0).default(0);
const forMs = z.number().positive();
const symbol = z.string().min(1);
const onRequest = { route: route.default('submit'), nth };

export const faultSchema = z.discriminatedUnion('kind', [
  // A request: what it does and what its sender hears.
  z.strictObject({ kind: z.literal('dropAck'), ...onRequest }),
  z.strictObject({ kind: z.literal('gatewayBefore'), ...onRequest }),
  z.strictObject({ kind: z.literal('gatewayAfter'), ...onRequest }),
  z.strictObject({
    kind: z.literal('acceptLate'),
    ...onRequest,
    afterMs: z.number().positive().default(3_000),
  }),
  z.strictObject({ kind: z.literal('slow'), ...onRequest, afterMs: z.number().positive().default(3_000) }),
  z.strictObject({ kind: z.literal('hang'), ...onRequest }),
  z.strictObject({ kind: z.literal('reset'), ...onRequest }),
  z.strictObject({ kind: z.literal('cutBody'), ...onRequest }),
  z.strictObject({ kind: z.literal('tooMany'), ...onRequest }),
  // An order.
  z.strictObject({ kind: z.literal('rejectOrder'), nth }),
  z.strictObject({ kind: z.literal('orderStatus'), nth, status: z.string().min(1) }),
  z.strictObject({ kind: z.literal('fillRacingCancel'), nth }),
  z.strictObject({ kind: z.literal('rejectReplace'), nth }),
  z.strictObject({ kind: z.literal('rejectCancel'), nth }),
  // An update of an order.
  z.strictObject({ kind: z.literal('duplicateUpdate'), nth }),
  z.strictObject({ kind: z.literal('reorderUpdate'), nth }),
  z.strictObject({ kind: z.literal('missUpdate'), nth }),
  // The last execution, after the fact.
  z.strictObject({ kind: z.literal('bustTrade'), atMs }),
  z.strictObject({ kind: z.literal('correctTrade'), atMs, byPx: z.number().default(0.01) }),
  // A connection.
  z.strictObject({ kind: z.literal('disconnect'), atMs, stream }),
  z.strictObject({ kind: z.literal('halfOpen'), atMs, stream }),
  z.strictObject({ kind: z.literal('cutFrame'), atMs, stream }),
  z.strictObject({ kind: z.literal('slowClient'), atMs, stream }),
  z.strictObject({ kind: z.literal('garbage'), atMs, stream }),
  z.strictObject({ kind: z.literal('connectionLimit'), stream, nth }),
  z.strictObject({ kind: z.literal('outage'), atMs, forMs }),
  // Account and market.
  z.strictObject({ kind: z.literal('revokeKeys'), atMs, forMs: forMs.optional() }),
  z.strictObject({ kind: z.literal('blockAccount'), atMs, forMs: forMs.optional() }),
  z.strictObject({ kind: z.literal('halt'), atMs, forMs, symbol }),
  z.strictObject({ kind: z.literal('luld'), atMs, symbol, share: z.number().min(0).max(1).default(0.05) }),
  z.strictObject({ kind: z.literal('freeze'), atMs, forMs, stream: stream.optional() }),
  z.strictObject({ kind: z.literal('clockSkew'), atMs, byMs: z.number() }),
  z.strictObject({
    kind: z.literal('foreignOrder'),
    atMs,
    symbol,
    side: z.enum(['buy', 'sell']),
    qty: z.number().positive(),
    limitPx: z.number().positive(),
  }),
  z.strictObject({ kind: z.literal('moveByHand'), atMs, symbol, qty: z.number() }),
  z.strictObject({ kind: z.literal('dividend'), atMs, symbol, perShare: z.number().positive() }),
  z.strictObject({
    kind: z.literal('split'),
    atMs,
    symbol,
    numerator: z.int().positive(),
    denominator: z.int().positive(),
  }),
]);
export type Fault = z.infer<typeof faultSchema>;
export type FaultInput = z.input<typeof faultSchema>;
export type FaultKind = Fault['kind'];
type Of<K extends FaultKind> = Extract<Fault, { readonly kind: K }>;

const requestKinds = [
  'dropAck',
  'gatewayBefore',
  'gatewayAfter',
  'acceptLate',
  'slow',
  'hang',
  'reset',
  'cutBody',
  'tooMany',
] as const;
export type RequestFault = Of<(typeof requestKinds)[number]>;
export type UpdateFault = Of<'duplicateUpdate' | 'reorderUpdate' | 'missUpdate'>;
export type OrderFault = Of<'rejectOrder' | 'orderStatus'>;
export type TimedFault = Extract<Fault, { readonly atMs: number }>;

const isRequestFault = (fault: Fault): fault is RequestFault =>
  (requestKinds as readonly string[]).includes(fault.kind);

/** Reads a list of faults as a person wrote it. Throws `InputError` with one sentence. */
export function parseFaults(value: unknown, where: string): Fault[] {
  const parsed = z.array(faultSchema).safeParse(value);
  if (!parsed.success) throw new InputError(schemaSentence(parsed.error, where, value));
  return parsed.data;
}

export class FaultSchedule {
  readonly #clock: HostClock;
  readonly #perform: (fault: TimedFault) => void;
  /** Those that count; each leaves when its turn has come. */
  #counting: { readonly fault: Fault; left: number }[] = [];
  readonly #disarm = new Set<() => void>();
  /** How often each kind has happened. */
  readonly happened = new Map<FaultKind, number>();

  constructor(clock: HostClock, perform: (fault: TimedFault) => void) {
    this.#clock = clock;
    this.#perform = perform;
  }

  add(given: FaultInput): void {
    const fault = faultSchema.parse(given);
    if ('nth' in fault) {
      this.#counting.push({ fault, left: fault.nth });
      return;
    }
    const run = () => {
      this.#count(fault);
      this.#perform(fault);
    };
    if (fault.atMs === 0) run();
    else {
      const disarm = this.#clock.after(fault.atMs, () => {
        this.#disarm.delete(disarm);
        run();
      });
      this.#disarm.add(disarm);
    }
  }

  request(of: Route): RequestFault | undefined {
    return this.#due(
      (fault): fault is RequestFault =>
        isRequestFault(fault) && (fault.route === of || fault.route === 'any'),
    );
  }

  update(): UpdateFault | undefined {
    return this.#due((fault): fault is UpdateFault => /Update$/.test(fault.kind));
  }

  order(): OrderFault | undefined {
    return this.#due(
      (fault): fault is OrderFault => fault.kind === 'rejectOrder' || fault.kind === 'orderStatus',
    );
  }

  happens(kind: 'fillRacingCancel' | 'rejectReplace' | 'rejectCancel'): boolean {
    return this.#due((fault): fault is Fault => fault.kind === kind) !== undefined;
  }

  connection(of: StreamName): boolean {
    return (
      this.#due((fault): fault is Fault => fault.kind === 'connectionLimit' && fault.stream === of) !==
      undefined
    );
  }

  /** No more faults: what was armed is forgotten. */
  clear(): void {
    this.#counting = [];
    for (const disarm of this.#disarm) disarm();
    this.#disarm.clear();
  }

  /** Every fault that waits for such a thing has seen one more of it; the first whose turn it is happens. */
  #due<F extends Fault>(waits: (fault: Fault) => fault is F): F | undefined {
    let due: F | undefined;
    for (const waiting of this.#counting) {
      if (!waits(waiting.fault)) continue;
      waiting.left -= 1;
      if (waiting.left > 0 || due !== undefined) continue;
      due = waiting.fault;
    }
    if (due === undefined) return undefined;
    const happening = due;
    this.#counting = this.#counting.filter(({ fault }) => fault !== happening);
    this.#count(due);
    return due;
  }

  #count({ kind }: Fault): void {
    this.happened.set(kind, (this.happened.get(kind) ?? 0) + 1);
  }
}

export interface FaultPlan {
  readonly durationMs: number;
  readonly symbols: readonly string[];
  /** Mean number of faults of a class that is not absent. */
  readonly perClass?: number;
  /** Streams that are in use. */
  readonly streams?: readonly StreamName[];
}

/** A mix of faults: each class is absent in half of the seeds. What only a person can settle is never drawn. */
export function drawFaults(seed: number, plan: FaultPlan): Fault[] {
  const { durationMs, perClass = 3, streams = ['stocks', 'orders'], symbols } = plan;
  const random = createRandom(seed);
  const below = (n: number) => Math.floor(random.nextUnit() * n);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)];
  const time = () => ({ atMs: 1 + below(durationMs) });
  const some = () => ({ nth: 1 + below(12) });
  const length = (least: number, most: number) => ({ forMs: least + below(most - least) });
  const routes: readonly Route[] = ['submit', 'submit', 'cancel', 'replace', 'lookup', 'account', 'data'];
  const classes: readonly (() => FaultInput)[] = [
    () => ({ kind: pick(['dropAck', 'gatewayAfter', 'cutBody'] as const), route: 'submit', ...some() }),
    () => ({ kind: pick(['gatewayBefore', 'reset'] as const), route: pick(routes), ...some() }),
    () => ({ kind: 'acceptLate', route: 'submit', ...some(), afterMs: 500 + below(12_000) }),
    () => ({ kind: pick(['hang', 'slow'] as const), route: pick(routes), ...some() }),
    () => ({ kind: 'tooMany', route: pick(routes), ...some() }),
    () => ({ kind: pick(['duplicateUpdate', 'reorderUpdate', 'missUpdate'] as const), nth: 1 + below(30) }),
    () => ({ kind: 'fillRacingCancel', ...some() }),
    () => ({ kind: pick(['rejectCancel', 'rejectReplace', 'rejectOrder'] as const), ...some() }),
    () => ({ kind: 'orderStatus', ...some(), status: pick(['held', 'suspended', 'teleported', 'stopped']) }),
    () => ({ kind: pick(['disconnect', 'cutFrame', 'garbage'] as const), stream: pick(streams), ...time() }),
    () => ({ kind: 'halfOpen', stream: pick(streams), ...time() }),
    () => ({ kind: 'slowClient', stream: pick(streams.filter((each) => each !== 'orders')), ...time() }),
    () => ({ kind: 'connectionLimit', stream: pick(streams), nth: 2 + below(3) }),
    () => ({ kind: 'freeze', ...time(), ...length(1_000, 20_000) }),
    () => ({ kind: 'outage', ...time(), ...length(1_000, 15_000) }),
    () => ({ kind: 'halt', symbol: pick(symbols), ...time(), ...length(5_000, 120_000) }),
    () => ({ kind: 'luld', symbol: pick(symbols), ...time(), share: 0.02 + random.nextUnit() * 0.1 }),
  ];
  const faults = classes.flatMap((draw) => {
    if (random.nextUnit() < 0.5) return [];
    return Array.from({ length: 1 + below(2 * perClass - 1) }, () => faultSchema.parse(draw()));
  });
  return faults;
}
