/**
 * How an event type is declared: its name, whether it enters the core (input) or was made by it (decision), its
 * version, schema and the upcasts that lift older versions. Inputs and decisions are different types, so a decision
 * cannot be appended as an input.
 */
import type { z } from 'zod';

export type EventKind = 'input' | 'decision';

/** An event that has been made but not numbered yet. */
export interface NewEvent<K extends EventKind = EventKind, P = unknown> {
  readonly kind: K;
  readonly type: string;
  readonly version: number;
  readonly payload: P;
}
export type NewInput<P = unknown> = NewEvent<'input', P>;
export type NewDecision<P = unknown> = NewEvent<'decision', P>;

/** Lifts a payload of version n to version n + 1. */
export type Upcast = (older: never) => unknown;

interface EventOptions<S extends z.ZodType> {
  /** Current version of the shape; starts at 1, rises by one with each released change. */
  readonly version: number;
  readonly schema: S;
  /** `upcasts[n]` lifts version n to n + 1; one for every version below the current. */
  readonly upcasts?: Readonly<Record<number, Upcast>>;
  /** Names the story this event belongs to (`order-12`), so that SQL can follow it. */
  readonly correlate?: (payload: z.infer<S>) => string | null;
  /** True for a decision that leaves the process once it is durable (a submit, a cancel). */
  readonly effect?: boolean;
  /** True for what a venue says of our orders and account: another venue would say something else of the same market. */
  readonly report?: boolean;
}

export interface EventDefinition<K extends EventKind = EventKind, P = unknown> {
  readonly kind: K;
  readonly type: string;
  readonly version: number;
  readonly schema: z.ZodType<P>;
  readonly upcasts: Readonly<Record<number, Upcast>>;
  readonly effect: boolean;
  readonly report: boolean;
  /** Only on what may be looked at and never decided on: see `ViewDefinition`. */
  readonly view?: never;
  correlate(payload: P): string | null;
  of(payload: P): NewEvent<K, P>;
}

function define<K extends EventKind, S extends z.ZodType>(
  kind: K,
  type: string,
  options: EventOptions<S>,
): EventDefinition<K, z.infer<S>> {
  const { version, schema } = options;
  const correlate = options.correlate ?? (() => null);
  return {
    kind,
    type,
    version,
    schema: schema as z.ZodType<z.infer<S>>,
    upcasts: options.upcasts ?? {},
    effect: options.effect ?? false,
    report: options.report ?? false,
    correlate,
    of: (payload) => ({ kind, type, version, payload }),
  };
}

export const defineInput = <S extends z.ZodType>(type: string, options: EventOptions<S>) =>
  define('input', type, options);

export const defineDecision = <S extends z.ZodType>(type: string, options: EventOptions<S>) =>
  define('decision', type, options);

/**
 * An input that is recorded and shown, and that nothing in the core can hear: the kernel's `on` and `onStream` do not
 * take it, by type. What comes from a view-only source is of this kind.
 */
export type ViewDefinition<P> = Omit<EventDefinition<'input', P>, 'view'> & { readonly view: true };

export const defineView = <S extends z.ZodType>(
  type: string,
  options: EventOptions<S>,
): ViewDefinition<z.infer<S>> => ({ ...define('input', type, options), view: true });

export type PayloadOf<D> = D extends { of(payload: infer P): NewEvent } ? P : never;
