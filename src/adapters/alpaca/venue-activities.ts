/** What moved the account beside our orders: cash that came and went, and options that ended. Trades are told by their orders. */

import { toMicros } from '../../domain/money.ts';
import { standardTerms } from '../../domain/options/contract.ts';
import { parseOcc } from '../../domain/options/occ-symbol.ts';
import { CashMoved } from '../../events/account.events.ts';
import type { NewInput } from '../../events/define-event.ts';
import { OptionSettled } from '../../events/option.events.ts';
import { ourSymbol, type VenueActivity } from './venue-messages.ts';

const settlements = { OPEXP: 'expired', OPEXC: 'exercised', OPASN: 'assigned' } as const;

/** The cash of these is in the fills or in the settlement they belong to. */
const TOLD_OTHERWISE: ReadonlySet<string> = new Set(['FILL', 'OPTRD']);

const TRANSFERS: ReadonlySet<string> = new Set(['CSD', 'CSW', 'TRANS', 'JNL', 'JNLC', 'ACATC']);

/** Null where it moves nothing that the ledger holds. */
export function inputOfActivity(activity: VenueActivity): NewInput | null {
  const type = activity.activity_type;
  if (activity.status === 'canceled' || TOLD_OTHERWISE.has(type)) return null;
  if (Object.hasOwn(settlements, type)) {
    const settled = settlementOf(activity, settlements[type as keyof typeof settlements]);
    if (settled !== null) return settled;
  }
  const amount = activity.net_amount ?? 0;
  if (amount === 0) return null;
  return CashMoved.of({
    activityId: activity.id,
    kind: kindOf(type),
    symbol: activity.symbol === null ? null : ourSymbol(activity.symbol, null),
    micros: toMicros(amount),
    note: activity.description ?? type,
  });
}

type CashKind = Parameters<typeof CashMoved.of>[0]['kind'];

function kindOf(type: string): CashKind {
  if (type.startsWith('DIV') || type === 'CGD') return 'dividend';
  if (type === 'FEE' || type === 'CFEE' || type === 'PTC') return 'fee';
  if (type.startsWith('INT')) return 'interest';
  return TRANSFERS.has(type) ? 'transfer' : 'other';
}

/** `qty` is the change of the position: a long one that ends is negative. */
function settlementOf(activity: VenueActivity, how: 'expired' | 'exercised' | 'assigned'): NewInput | null {
  if (activity.symbol === null || activity.qty === null || activity.qty === 0) return null;
  const symbol = ourSymbol(activity.symbol, null);
  const contract = parseOcc(symbol);
  if (!contract.ok) return null;
  const { deliverable, underlying } = standardTerms(contract.root);
  const quantity = -activity.qty;
  const shares = how === 'expired' ? 0 : quantity * deliverable * (contract.right === 'call' ? 1 : -1);
  return OptionSettled.of({
    settlementId: activity.id,
    symbol,
    how,
    quantity,
    optionPx: 0,
    underlying,
    // Where the underlying stood the venue does not say; the strike is what the books need.
    underlyingPx: contract.strike,
    strike: contract.strike,
    shares: shares === 0 ? 0 : shares,
  });
}
