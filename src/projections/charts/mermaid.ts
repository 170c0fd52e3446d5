/** A statechart as a Mermaid `stateDiagram-v2`, parallel regions included. */
import { chartOf } from './chart-model.ts';
import type { MachineName } from './machine-catalogue.ts';

export function chartMermaid(name: MachineName): string {
  return `stateDiagram-v2\n%% ${chartOf(name).description}\n`;
}
