/**
 * Makes the clock, randomness and scheduling of the host throw while the core is dispatching. A scan of the sources
 * cannot see what a library does inside a user's strategy (a `debounceTime`, say); this can.
 */

export class NondeterminismError extends Error {}

/**
 * `active` while the kernel dispatches: the one flag the patched functions look at. `machineMs`: the engine's clock while
 * XState runs a machine, since it stamps what it schedules with `Date.now()`.
 */
export const dispatching: { active: boolean; machineMs: number | null } = { active: false, machineMs: null };

/** Runs a machine's step with `Date.now()` giving the engine's own clock, milliseconds. */
export function withMachineClock<T>(nowMs: number, step: () => T): T {
  const outer = dispatching.machineMs;
  dispatching.machineMs = nowMs;
  try {
    return step();
  } finally {
    dispatching.machineMs = outer;
  }
}

/** Runs what only looks on while the core is at work: as if nothing were dispatched, on the host's own clock. */
export function lookingOn(step: () => void): void {
  const { active, machineMs } = dispatching;
  dispatching.active = false;
  dispatching.machineMs = null;
  try {
    step();
  } finally {
    dispatching.active = active;
    dispatching.machineMs = machineMs;
  }
}

/** Runs part of the core's set-up under the rules of a dispatch. */
export function deciding<T>(step: () => T): T {
  const outer = dispatching.active;
  dispatching.active = true;
  try {
    return step();
  } finally {
    dispatching.active = outer;
  }
}

type Restore = () => void;

let installs = 0;
let restores: Restore[] = [];

/** Patches the host's functions until the returned function is called. Nested installs share one patch. */
export function installDeterminismTrap(): Restore {
  if (installs++ === 0) restores = patchHost();
  let installed = true;
  return () => {
    if (!installed) return;
    installed = false;
    if (--installs === 0) for (const restore of restores) restore();
  };
}

function patchHost(): Restore[] {
  return [
    guard(globalThis, 'setTimeout'),
    guard(globalThis, 'setInterval'),
    guard(globalThis, 'setImmediate'),
    guard(globalThis, 'queueMicrotask'),
    guard(Math, 'random'),
    guard(performance, 'now'),
    guard(process, 'nextTick'),
    guard(process, 'hrtime'),
    guard(process.hrtime, 'bigint'),
    guard(Promise.prototype, 'then'),
    guard(crypto, 'randomUUID'),
    guard(crypto, 'getRandomValues'),
    guardDate(),
  ];
}

const refuse = (name: string): never => {
  throw new NondeterminismError(
    `${name} was called while deciding; the same log must give the same decisions: use the market's time instead`,
  );
};

function guard<T extends object>(owner: T, name: keyof T & string): Restore {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  const original = owner[name] as (...args: unknown[]) => unknown;
  function guarded(this: unknown, ...args: unknown[]): unknown {
    return dispatching.active ? refuse(name) : original.apply(this, args);
  }
  Object.assign(guarded, original); // promisified forms and the like stay reachable
  Object.defineProperty(owner, name, { value: guarded, writable: true, configurable: true });
  return () => {
    if (own === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, own);
  };
}

function guardDate(): Restore {
  const original = globalThis.Date;
  const guarded = new Proxy(original, {
    construct(target, args, newTarget) {
      if (dispatching.active && args.length === 0) refuse('new Date()');
      return Reflect.construct(target, args, newTarget);
    },
    apply(target, self, args) {
      return dispatching.active ? refuse('Date()') : Reflect.apply(target, self, args);
    },
    get(target, key) {
      const { active, machineMs } = dispatching;
      if (key === 'now' && machineMs !== null) return () => machineMs;
      if (key === 'now' && active) return () => refuse('Date.now');
      return Reflect.get(target, key);
    },
  });
  globalThis.Date = guarded;
  original.prototype.constructor = guarded;
  return () => {
    globalThis.Date = original;
    original.prototype.constructor = original;
  };
}
