/** The order status table as an XState actor: a refused fact leaves the order as it was. */
import { fromTransition } from 'xstate';
import { isRefused, type OrderFact, type OrderState, orderStatus } from '../../domain/order-status.ts';

export const orderStatusLogic = fromTransition(
  (state: OrderState, fact: OrderFact) => {
    const answer = orderStatus.next(state, fact);
    return isRefused(answer) ? state : answer;
  },
  ({ input }: { input: { readonly ordinal: number; readonly orderedQty: number | null } }) =>
    orderStatus.initial(input.ordinal, input.orderedQty),
);
