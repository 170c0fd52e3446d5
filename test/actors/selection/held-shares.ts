/** A live floor on which a plan holds shares. */
import { LiveFloor, SECOND } from '../venue/live-floor.ts';

interface SavedSelector {
  readonly machine: { readonly snapshot: { value: object; context: object } };
}

/** Ten shares held with a stop at 95, taken up from a session before; quoted 100 at two seconds past the open. */
export function holding(restingStops: boolean, assetClass: 'equity' | 'crypto' = 'equity'): LiveFloor {
  const held = { instrument: 'A', supportedBy: ['bull'], bestClose: 100, stopPx: 95 };
  return planned('holding', held, { restingStops, assetClass, quantity: 10 });
}

/** A plan that has decided to buy shares in this session and sent nothing yet; its stops rest at the venue. */
export function entering(assetClass: 'equity' | 'crypto' = 'equity'): LiveFloor {
  const wanted = { instrument: 'A', supportedBy: ['bull'] };
  return planned('entering', wanted, { restingStops: true, assetClass, quantity: 0 });
}

function planned(
  state: 'entering' | 'holding',
  plan: object,
  {
    quantity,
    restingStops,
    assetClass = 'equity',
  }: {
    readonly quantity: number;
    readonly restingStops: boolean;
    readonly assetClass?: 'equity' | 'crypto';
  },
): LiveFloor {
  const config = { venue: { restingStops } };
  const before = new LiveFloor({ config, assetClass });
  if (quantity > 0) before.hold('A', quantity, 100);
  const carried = before.carryOver();
  const { snapshot } = (carried.state['selector-A'] as SavedSelector).machine;
  const { equity } = snapshot.context as { equity: object };
  snapshot.value = { ...snapshot.value, equity: state };
  snapshot.context = { ...snapshot.context, equity: { ...equity, ...plan } };
  const floor = new LiveFloor({ config, carried, assetClass });
  floor.actors.market.watch('somebody else', 'A', true);
  return floor.started().pass(2 * SECOND);
}
