/** The scan is a promise about the core, so each thing it bans is shown to it once, and so is what it must let pass. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { scanCheckout, scanSource } from '../../scripts/determinism-scan.ts';

const FILE = 'src/streams/example.ts';
const messages = (text: string, file = FILE) => scanSource(file, text).map(({ message }) => message);

const BANNED = [
  // the clock of the host
  'const t = Date.now();',
  'const t = new Date();',
  'const t = new Date(0);',
  'const t = Date();',
  'const now = Date.now;',
  'let when: Date;',
  'const t = performance.now();',
  "import { performance } from 'node:perf_hooks';",
  "import { Temporal } from 'temporal-polyfill';",
  'const t = process.hrtime();',
  "const D = globalThis['Date'];",
  // chance
  'const r = Math.random();',
  'const { random } = Math;',
  "const r = Math['random']();",
  'const m = Math;',
  'const id = crypto.randomUUID();',
  "import { randomUUID } from 'node:crypto';",
  "import { createHash, randomBytes } from 'node:crypto';",
  "import * as c from 'node:crypto';",
  "import c from 'node:crypto';",
  // other queues
  'setTimeout(() => {}, 0);',
  'setInterval(() => {}, 1);',
  'setImmediate(() => {});',
  'queueMicrotask(() => {});',
  "import { setTimeout } from 'node:timers/promises';",
  'async function f() {}',
  'const f = async () => 1;',
  'const o = { async f() {} };',
  'const x = await y;',
  'for await (const x of y) {}',
  'const p = new Promise(() => {});',
  'const p = Promise.resolve(1);',
  'declare const p: Promise<void>;',
  'p.then(f);',
  'p?.then(f);',
  "p['then'](f);",
  'p.finally(f);',
  "const m = import('./x.ts');",
  // locale and time zone
  'const f = new Intl.NumberFormat();',
  'const s = n.toLocaleString();',
  'const s = n.toLocaleUpperCase();',
  'a.localeCompare(b);',
  'list.sort((a, b) => a.id.localeCompare(b.id));',
  // the last bits
  ...[
    'exp',
    'expm1',
    'log',
    'log2',
    'log10',
    'log1p',
    'pow',
    'sin',
    'cos',
    'tan',
    'asin',
    'acos',
    'atan',
    'atan2',
  ]
    .concat(['sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh', 'cbrt', 'hypot'])
    .map((name) => `const x = Math.${name}(y);`),
  'const x = y ** 0.5;',
  'const x = y ** n;',
  'x **= n;',
  'const x = 2 ** -0.5;',
  // order
  'for (const key in object) {}',
  'const w = new WeakRef(o);',
  'const f = new FinalizationRegistry(() => {});',
  // RxJS
  'bars.subscribe(f);',
  'bars?.subscribe(f);',
  ...[
    'share',
    'shareReplay',
    'groupBy',
    'debounceTime',
    'throttleTime',
    'auditTime',
    'delay',
    'interval',
    'timer',
  ]
    .concat(['combineLatest', 'withLatestFrom', 'merge', 'mergeWith', 'zip', 'zipWith', 'firstValueFrom'])
    .map((name) => `import { ${name} } from 'rxjs';`),
  "import { merge as both } from 'rxjs';",
  "import { debounceTime } from 'rxjs/operators';",
  "import * as rx from 'rxjs';",
  "export { timer } from 'rxjs';",
  "export * from 'rxjs';",
  // XState
  "import { sendTo } from 'xstate';",
  "import { sendParent } from 'xstate';",
  "import { fromPromise } from 'xstate';",
  'enqueue.sendTo(other, event);',
  'const id = actor.sessionId;',
];

const ALLOWED = [
  'const x = Math.sqrt(Math.abs(y)) + Math.floor(y) + Math.fround(y) * Math.PI;',
  'const x = y ** 2 + 2 ** -1022 + y ** (3);',
  "import { map, scan, type MonoTypeOperatorFunction } from 'rxjs';",
  "import { type Observable, filter } from 'rxjs';",
  "import type { timer } from 'rxjs';",
  "import { type timer, scan } from 'rxjs';",
  "import { createMachine, setup } from 'xstate';",
  "import { createHash } from 'node:crypto';",
  "import { exp, log } from '../domain/math.ts'; const x = exp(log(y));",
  'for (const key of Object.keys(object)) {}',
  'const event = { Date: 1, process: 2 }; event.Date; event.process;',
  'function process(event: Event) { return event; } process(event);',
  '// Date.now() and Math.random() in a comment',
  "const text = 'new Date() and setTimeout()';",
  "log.on('subscribe', f);",
];

test.each(BANNED)('found in the core: %s', (line) => {
  const findings = scanSource(FILE, `// first line\n${line}\n`);
  expect(findings).not.toEqual([]);
  for (const finding of findings) expect(finding).toMatchObject({ file: FILE, line: 2 });
});

test.each(BANNED)('accepted with a written reason: %s', (line) => {
  expect(scanSource(FILE, `${line} // determinism-ok: shown to the scan's own test`)).toEqual([]);
});

test.each(ALLOWED)('let pass: %s', (line) => {
  expect(scanSource(FILE, line)).toEqual([]);
});

describe('a waiver', () => {
  test('alone on a line covers the next line and no other', () => {
    const waived = '// determinism-ok: only prints\nconst a = Date.now();\nconst b = Date.now();';
    expect(scanSource(FILE, waived).map(({ line }) => line)).toEqual([3]);
  });

  test.each(['// determinism-ok', '// determinism-ok:', '// determinism-ok:   '])(
    'without a reason is refused and waives nothing: "%s"',
    (waiver) => {
      const found = scanSource(FILE, `const a = Date.now(); ${waiver}`);
      expect(found.map(({ line }) => line)).toEqual([1, 1]);
      expect(found.map(({ message }) => message).join()).toContain('needs a reason');
    },
  );

  test('that covers nothing is refused, so that none outlives its cause', () => {
    expect(messages('const a = 1; // determinism-ok: was needed once')).toEqual([
      expect.stringContaining('waives nothing'),
    ]);
  });
});

describe('the home of a banned thing', () => {
  test('domain/math may use what it replaces, and nothing else', () => {
    expect(messages('const x = Math.exp(1) + 2 ** n;', 'src/domain/math.ts')).toEqual([]);
    expect(messages('const x = Math.random();', 'src/domain/math.ts')).toHaveLength(1);
  });

  test('the kernel may subscribe, for it wraps what it subscribes', () => {
    expect(messages('bars.subscribe(f);', 'src/bus/kernel.ts')).toEqual([]);
    expect(messages('setTimeout(f);', 'src/bus/kernel.ts')).toHaveLength(1);
  });
});

test('a finding names the call, the reason and what to use instead', () => {
  expect(messages('const id = crypto.randomUUID();')).toEqual(['crypto is random; use the seeded generator']);
});

test('the core of this checkout holds nothing banned', () => {
  const { files, findings } = scanCheckout(fileURLToPath(new URL('../..', import.meta.url)));
  expect(files).toBeGreaterThan(10);
  expect(findings).toEqual([]);
});
