/** The tests somebody made before deciding: what was measured, against which limit, and whether it passed. */
import type { DecisionTest } from '../../../events/order.events.ts';
import { said, words } from '../words.ts';

export const Tests = ({ tests }: { readonly tests: readonly DecisionTest[] }) => (
  <ul class="tests">
    {tests.map(({ test, value, limit, pass }) => (
      <li key={test} class={pass ? 'pass' : 'fail'}>
        <span class="mark" aria-hidden="true">
          {pass ? '✓' : '✕'}
        </span>
        <span class="unseen">{pass ? 'passed' : 'failed'}: </span>
        <span class="name">{words(test)}</span>
        <span class="value">{said(value)}</span>
        <span class="limit">{said(limit)}</span>
      </li>
    ))}
  </ul>
);
