/** What the determinism scan bans, and why; docs/determinism.md tells it at length. */

export const PROMISED = 'continues outside the dispatch order; publish an event';
export const LOCALE = "depends on the machine's locale";
const WALL_CLOCK = 'reads the wall clock; use the integer microseconds of the event';
const HOST_TIMER = 'runs outside the dispatch order; arm a timer on the virtual clock';
const PAST_THE_BUS = 'lets one actor reach another past the bus; publish a decision';
const GLITCHES = 'gives a wrong value in between when its inputs share a source; use one scan';
const SHARING = 'delivers by who subscribed when; subscribe once and fan out through the kernel';
const COLLECTED = 'depends on the garbage collector';

/** The files that implement one banned thing for all others; `*` stands for every rule. */
export const HOME_OF: ReadonlyMap<string, '*' | 'math' | 'subscribe'> = new Map([
  ['src/bus/determinism-trap.ts', '*'],
  ['src/domain/math.ts', 'math'],
  ['src/bus/kernel.ts', 'subscribe'],
]);

const named = (names: string, why: string) => names.split(' ').map((name) => [name, why] as const);

export const HOST_GLOBALS: ReadonlyMap<string, string> = new Map([
  ...named('Date performance Temporal', WALL_CLOCK),
  ...named('Intl', LOCALE),
  ...named('crypto', 'is random; use the seeded generator'),
  ...named('setTimeout setInterval setImmediate queueMicrotask', HOST_TIMER),
  ...named('Promise', PROMISED),
  ...named('process', 'is the machine, not the log; pass what is needed in the configuration'),
  ...named('globalThis', 'reaches every banned global by another name'),
  ...named('WeakRef FinalizationRegistry', COLLECTED),
]);

/** Members of Math that IEEE 754 or the language fixes to the last bit. */
export const EXACT_MATH: ReadonlySet<string> = new Set(
  'abs ceil clz32 floor fround imul max min round sign sqrt trunc E LN10 LN2 LOG10E LOG2E PI SQRT1_2 SQRT2'.split(
    ' ',
  ),
);

/** Members banned whatever they belong to; so is every `toLocale...`. */
export const MEMBERS: ReadonlyMap<string, string> = new Map([
  ...named('localeCompare', LOCALE),
  ...named('then finally', PROMISED),
  ...named('sendTo', PAST_THE_BUS),
  ...named('sessionId', 'numbers actors per process, not per log; use the explicit id'),
]);

const TIME_OPERATORS =
  'audit auditTime debounce debounceTime delay delayWhen sample sampleTime throttle throttleTime interval timer ' +
  'timeout timeoutWith timeInterval timestamp bufferTime windowTime animationFrames observeOn subscribeOn ' +
  'asyncScheduler asapScheduler animationFrameScheduler queueScheduler';

/** What may not be imported, by package. */
export const IMPORTS: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  [
    'rxjs',
    new Map([
      ...named(TIME_OPERATORS, HOST_TIMER),
      ...named('share shareReplay publish publishReplay multicast refCount', SHARING),
      ...named('groupBy', 'makes one stream per key at run time; fold over the symbol id'),
      ...named('combineLatest combineLatestAll combineLatestWith withLatestFrom merge mergeWith', GLITCHES),
      ...named('zip zipAll zipWith forkJoin race raceWith', GLITCHES),
      ...named('firstValueFrom lastValueFrom', PROMISED),
    ]),
  ],
  [
    'xstate',
    new Map([
      ...named('sendTo sendParent forwardTo', PAST_THE_BUS),
      ...named('fromPromise waitFor toPromise', PROMISED),
    ]),
  ],
]);
