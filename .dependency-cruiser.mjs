/**
 * The arrows of ARCHITECTURE.md: each floor imports only the floors below it, edges see the core only through its
 * ports, events and domain and never each other, and there are no circles.
 */

const FLOORS = [
  'src/domain',
  'src/events',
  'src/bus',
  'src/streams',
  'src/strategies',
  'src/actors',
  'src/engine',
  'src/projections',
  'replay',
  'src/testing',
  'src/dashboard',
  'src/cli',
];
const CORE = FLOORS.slice(0, FLOORS.indexOf('src/engine'));
const HIGHEST_CORE = CORE.length - 1;

/** Each of these is an edge of its own; the group is what must be equal for two files to be of one edge. */
const EDGE = '^src/(log|adapters/[^/]+|simulators/[^/]+)(/|[.]ts$)';
const SAME_EDGE = '^src/$1(/|[.]ts$)';

const under = (folders) => `^(${folders.join('|')})/`;

const floorRules = FLOORS.slice(0, -1).map((floor, index) => {
  const above = FLOORS.slice(index + 1);
  return {
    name: `${floor.replace('src/', '')}-imports-only-below`,
    comment: `${floor} may import itself and: ${FLOORS.slice(0, index).join(', ') || 'nothing of ours'}.`,
    severity: 'error',
    from: { path: under([floor]) },
    to: { path: index <= HIGHEST_CORE ? [under(above), EDGE] : under(above) },
  };
});

export default {
  forbidden: [
    ...floorRules,
    {
      name: 'edges-see-only-ports-events-domain',
      comment:
        'An edge (log, adapters, simulators) may import bus/ports, events and domain; the engine wires it.',
      severity: 'error',
      from: { path: EDGE },
      to: { path: '^(src|replay)/', pathNot: ['^src/(domain|events)/', '^src/bus/ports[.]ts$', EDGE] },
    },
    {
      name: 'edges-never-meet',
      comment: 'One edge never imports another: each can be replaced alone.',
      severity: 'error',
      from: { path: EDGE },
      to: { path: EDGE, pathNot: SAME_EDGE },
    },
    {
      name: 'core-touches-no-machine',
      comment:
        'The core does no IO. Of Node it may use createHash of node:crypto (the determinism scan checks which).',
      severity: 'error',
      from: { path: under(CORE), pathNot: '^src/bus/determinism-trap[.]ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'core-has-few-packages',
      comment: 'The core needs rxjs, xstate and zod; anything else is an edge.',
      severity: 'error',
      from: { path: under(CORE) },
      to: { path: 'node_modules/', pathNot: 'node_modules/(rxjs|xstate|zod)/' },
    },
    {
      name: 'no-circles',
      comment: 'A circle means that neither file can be read first.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'product-imports-no-test',
      comment: 'What ships imports neither tests, benchmarks nor scripts.',
      severity: 'error',
      from: { path: '^(src|replay)/' },
      to: { path: '^(test|bench|scripts|examples)/' },
    },
    {
      name: 'product-imports-no-dev-dependency',
      comment: 'A packed tarball brings dependencies, not devDependencies.',
      severity: 'error',
      from: { path: '^(src|replay)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'imports-resolve',
      comment: 'An import that does not resolve is checked by none of the rules above.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['quantos-source', 'import', 'node', 'default', 'types'],
    },
    cache: false,
  },
};
