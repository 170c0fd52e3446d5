/** Deterministic replay: the same market leads to the same decisions, whichever supported Node runs the core. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { digestsByNode, nodesHere } from './digests-by-node.ts';

const majors = Object.keys(nodesHere());

test(`Node ${majors.join(', ')} decide the same on a generated market`, async () => {
  const digests = await digestsByNode(fileURLToPath(new URL('./digest-entry.ts', import.meta.url)));
  expect(Object.keys(digests)).toEqual(majors);
  expect(new Set(Object.values(digests)).size).toBe(1);
  const decisions = Object.values(digests)[0]
    .split('\n')
    .map((line) => Number.parseInt(line, 10));
  expect(decisions).toHaveLength(3);
  for (const count of decisions) expect(count).toBeGreaterThan(50);
});

for (const major of ['20', '22', '24']) {
  if (!majors.includes(major)) test.skip(`Node ${major} is not here: npm test fetches it`, () => {});
}
