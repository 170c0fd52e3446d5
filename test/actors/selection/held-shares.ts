/** A live floor on which a plan holds shares. */
import { LiveFloor, SECOND } from '../venue/live-floor.ts';

interface SavedSelector {
  readonly machine: { readonly snapshot: { value: object; context: object } };
}

/** Ten shares held with a stop at 95, taken up from a session before; quoted 100 at two seconds past the open. */
export function holding(restingStops: boolean): LiveFloor {
  const config = { venue: { restingStops } };
  const before = new LiveFloor({ config });
  before.hold('A', 10, 100);
  const carried = before.carryOver();
  const { snapshot } = (carried.state['selector-A'] as SavedSelector).machine;
  const { equity } = snapshot.context as { equity: object };
  const held = { instrument: 'A', supportedBy: ['bull'], bestClose: 100, stopPx: 95 };
  snapshot.value = { ...snapshot.value, equity: 'holding' };
  snapshot.context = { ...snapshot.context, equity: { ...equity, ...held } };
  const floor = new LiveFloor({ config, carried });
  floor.actors.market.watch('somebody else', 'A', true);
  return floor.started().pass(2 * SECOND);
}
