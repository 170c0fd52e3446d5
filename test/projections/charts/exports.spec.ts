/**
 * What leaves the engine of its statecharts: configurations that XState takes back and that live the same life, Mermaid by
 * a strict reading of its grammar, and pictures in which every state stands once.
 */
import { describe, expect, test } from 'vitest';
import { type AnyStateMachine, createActor, createMachine, transition } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { statusChart } from '../../../src/domain/order-status.ts';
import { chartOf, litStates, statesOf } from '../../../src/projections/charts/chart-model.ts';
import { chartStyle, chartSvg, chartSvgFile } from '../../../src/projections/charts/chart-svg.ts';
import {
  entryOf,
  machineName,
  machineNames,
  machineOfActor,
} from '../../../src/projections/charts/machine-catalogue.ts';
import { chartMermaid } from '../../../src/projections/charts/mermaid.ts';
import { plainConfig, statelyConfig } from '../../../src/projections/charts/stately.ts';
import { charts } from '../../actors/engine-charts.ts';
import { cover, type Reached, type Walk } from '../../actors/machine-paths.ts';
import { readMermaid } from './mermaid-reader.ts';

/** The machine as somebody gets it who has nothing but the text and the named implementations. */
const reimported = (machine: AnyStateMachine, input?: unknown): AnyStateMachine =>
  createMachine(JSON.parse(JSON.stringify(plainConfig(machine, input)))).provide(
    machine.implementations as never,
  ) as AnyStateMachine;

const still = { setTimeout: () => 0, clearTimeout: () => {} };

/** Where each event leads from each state that a path reaches. */
function livesOf(
  { machine, events, remembers = (context) => context }: Walk,
  input: unknown,
  other: AnyStateMachine,
) {
  const sampled = (at: Reached) => [...(typeof events === 'function' ? events(at) : events)];
  const paths = getShortestPaths(machine, {
    input,
    events: sampled as never,
    serializeState: (({ value, context }: Reached) =>
      JSON.stringify([value, remembers(context as never)])) as never,
    limit: 100_000,
  });
  const step = (of: AnyStateMachine, at: Reached, event: object) => {
    const [after] = transition(of, of.resolveState(at as never) as never, event as never);
    const { value, context } = after as unknown as Reached;
    return { value, context };
  };
  let steps = 0;
  for (const { state } of paths) {
    const { value, context } = state as unknown as Reached;
    const at = { value, context };
    for (const event of sampled(at)) {
      steps++;
      expect(step(other, at, event), JSON.stringify([at, event])).toEqual(step(machine, at, event));
    }
  }
  return steps;
}

describe.each(charts)('the exported configuration of $name', ({ unreachable = {}, ...walk }) => {
  const inputs = walk.inputs ?? [undefined];

  test('is taken back by XState and has every state and transition on some path, as the original', () => {
    const unmet = inputs.map((input) => {
      const machine = reimported(walk.machine, input);
      return cover({ ...walk, machine, inputs: [undefined] }).unmet;
    });
    const [first, ...others] = unmet;
    expect(first.filter((name) => others.every((each) => each.includes(name)))).toEqual(
      Object.keys(unreachable),
    );
  });

  test('goes from every state with every event where the original goes', () => {
    for (const input of inputs) {
      expect(livesOf(walk, input, reimported(walk.machine, input))).toBeGreaterThan(10);
    }
  });
});

test('the catalogue has every machine that is walked, and the order statuses', () => {
  const walked = charts.map(({ name }) => name);
  expect([...walked, 'order-status'].sort()).toEqual([...machineNames].sort());
});

describe.each([...machineNames])('%s', (name) => {
  const { description, machine } = entryOf(name);
  const states = statesOf(chartOf(name));

  test('is told in one sentence', () => {
    expect(description).toMatch(/^[A-Z][^.]*\.$/);
    expect(chartOf(name).description).toBe(description);
  });

  test('exports JSON that starts in the same state', () => {
    const input = entryOf(name).input;
    const config = JSON.parse(JSON.stringify(statelyConfig(name)));
    expect(config.id).toBe(machine.id);
    const copy = createMachine(config).provide(machine.implementations as never) as AnyStateMachine;
    const start = (of: AnyStateMachine) => {
      const { value, context } = createActor(of, { clock: still, input } as never)
        .start()
        .getSnapshot() as Reached;
      return { value, context };
    };
    expect(start(copy)).toEqual(start(machine));
  });

  test('is modelled with every transition that XState knows', () => {
    const all = [chartOf(name).root, ...states];
    const parsed = [
      machine.root,
      ...all.slice(1).map(({ path }) => machine.root.machine.getStateNodeById(`${machine.id}.${path}`)),
    ];
    const { idMap } = machine as unknown as { idMap: ReadonlyMap<string, unknown> };
    expect(all.length).toBe(idMap.size);
    all.forEach(({ transitions }, i) => {
      const node = parsed[i];
      const known = [...node.transitions.values(), node.always ?? []].flat();
      expect(transitions.length).toBe(known.length);
      expect(known.every(({ target }) => (target?.length ?? 0) <= 1)).toBe(true);
    });
  });

  test('is Mermaid with every state and transition', () => {
    const { states: shown, arrows } = readMermaid(chartMermaid(name));
    const ids = states.map(({ path }) => path.replaceAll('.', '_'));
    const drawn = shown.filter((id) => id !== machine.id && !id.endsWith('anyState'));
    expect([...drawn].sort()).toEqual([...ids].sort());
    const leading = [chartOf(name).root, ...states].flatMap(({ transitions }) =>
      transitions.filter(({ target }) => target !== null),
    );
    const firsts = [chartOf(name).root, ...states].filter(({ initial }) => initial !== null);
    const finals = states.filter(({ kind }) => kind === 'final');
    expect(arrows.length).toBe(leading.length + firsts.length + finals.length);
  });

  test('is drawn with every state once, and nothing that a page must not take', async () => {
    const svg = await chartSvg(name);
    const drawn = [...svg.matchAll(/data-state="([^"]*)"/g)].map(([, path]) => path);
    expect([...drawn].sort()).toEqual(states.map(({ path }) => path).sort());
    expect(svg).not.toMatch(/<script|<style|style=|onload|href|\bid="|black|white|<!--/);
    expect(svg.match(/<g\b/g)!.length).toBe(svg.match(/<\/g>/g)!.length);
    expect(svg.startsWith('<svg ') && svg.endsWith('</svg>')).toBe(true);
    expect(await chartSvgFile(name)).toContain(chartStyle);
  });

  test('draws an arrow for every pair of states that transitions lead between', async () => {
    const svg = await chartSvg(name);
    const targets = new Set([...svg.matchAll(/data-to="([^"]*)"/g)].map(([, to]) => to));
    const led = [chartOf(name).root, ...states].flatMap(({ transitions }) =>
      transitions.flatMap(({ target }) => target ?? []),
    );
    expect([...targets].sort()).toEqual([...new Set(led)].sort());
  });

  test('lights the states that its actors begin in, outer ones too', () => {
    const { value } = createActor(machine, { clock: still, input: entryOf(name).input } as never)
      .start()
      .getSnapshot() as Reached;
    const lit = litStates(name, value);
    expect(lit.length).toBeGreaterThan(0);
    const paths = new Set(states.map(({ path }) => path));
    for (const path of lit) {
      expect(paths.has(path)).toBe(true);
      const outer = path.split('.').slice(0, -1).join('.');
      if (outer !== '') expect(lit).toContain(outer);
    }
  });
});

test('the order statuses are exported as their table says, which is walked with the reducer', () => {
  expect(statelyConfig('order-status')).toEqual(JSON.parse(JSON.stringify(statusChart())));
});

test('a state value lights its path from the outermost state on', () => {
  expect(litStates('feed', { recovering: 'looking' })).toEqual(['recovering', 'recovering.looking']);
  expect(litStates('feed', 'live')).toEqual(['live']);
  expect(litStates('trading-state', { operator: 'halted', loss: 'trading' })).toEqual([
    'operator',
    'operator.halted',
    'loss',
    'loss.trading',
  ]);
});

test('a state that the chart does not have lights nothing: a log may be of another version', () => {
  expect(litStates('feed', 'asleep')).toEqual([]);
  expect(litStates('feed', null)).toEqual([]);
});

test('a running actor is known by its id', () => {
  expect(machineOfActor('regime-SPY')).toBe('market-regime');
  expect(machineOfActor('order-worker-BTC/USD')).toBe('working-order');
  expect(machineOfActor('unknown-orders-17')).toBe('unknown-order');
  expect(machineOfActor('reconciliation')).toBe('reconciliation');
  expect(machineOfActor('risk-gate')).toBeNull();
});

test('a name that there is not is answered with those there are', () => {
  expect(() => machineName('regime')).toThrow(
    'there is no machine "regime"; there are market-regime, instrument-selector, hedging-protocol, ' +
      'trading-state, working-order, order-status, feed, reconciliation, unknown-order',
  );
});
