/** The engine killed at each step of the submit protocol: after it no intent may have two orders, and both sides hold the same. */
import { describe, expect, it } from 'vitest';
import type { StoredEvent } from '../../src/events/envelope.ts';
import type { FaultInput } from '../../src/simulators/alpaca/faults.ts';
import { Session } from '../live/campaign.ts';
import type { RigTaps } from '../live/rig.ts';

/** Its market moves while entries walk: orders are canceled and sent anew. */
const SEED = 23;

type Moment = (kill: () => void) => RigTaps;

const once = (kill: () => void, when: boolean): void => {
  if (when) kill();
};
const atEvent =
  (type: string): Moment =>
  (kill) => ({ event: (event) => once(kill, event.type === type) });
const atEffect =
  (type: string): Moment =>
  (kill) => ({ performs: (effect: StoredEvent) => once(kill, effect.type === type) });
const whenSent =
  (method: string, path: RegExp): Moment =>
  (kill) => ({ sent: (sent, to) => once(kill, sent === method && path.test(to)) });
const whenAnswered =
  (method: string, path: RegExp): Moment =>
  (kill) => ({ answered: (sent, to) => once(kill, sent === method && path.test(to)) });

const noAnswer: FaultInput = { kind: 'gatewayAfter', route: 'submit' };
const neverArrives: FaultInput = { kind: 'gatewayBefore', route: 'submit' };
type Step = [what: string, moment: Moment, fault?: FaultInput];
const STEPS: Step[] = [
  ['before an intended order is durable', atEvent('OrderIntended')],
  ['before an approved order is durable', atEvent('RiskApproved')],
  ['before a submit attempt is durable', atEvent('SubmitAttempted')],
  ['when a submit attempt is durable and not sent', atEffect('SubmitAttempted')],
  ['with a submit on the wire', whenSent('POST', /orders$/)],
  ['when the venue has taken an order and nobody has read its answer', whenAnswered('POST', /orders$/)],
  ['when an answer is read and not durable', atEvent('OrderAccepted')],
  ['when a fill is read and not durable', atEvent('OrderFilled')],
  ['when a cancel is durable and not sent', atEffect('CancelAttempted')],
  ['with a cancel on the wire', whenSent('DELETE', /orders/)],
  ['when a cancel is answered', whenAnswered('DELETE', /orders/)],
  ['when the end of an order is read and not durable', atEvent('OrderCanceled')],
  ['when the outcome of a submit is unknown and not durable', atEvent('OrderOutcomeUnknown'), noAnswer],
  ['when a look-up is wanted and not sent', atEffect('OrderLookupRequested'), noAnswer],
  ['with a look-up on the wire', whenSent('GET', /by_client_order_id/), noAnswer],
  ['when a look-up is answered', whenAnswered('GET', /by_client_order_id/), noAnswer],
  ['when a look-up has found nothing', atEvent('OrderNotFound'), neverArrives],
  ['when a reconciliation is wanted and not sent', atEffect('ReconciliationRequested')],
  ['when a reconciliation has read the positions', whenAnswered('GET', /positions/)],
  ['when the venue agrees', atEvent('Reconciled')],
  ['when the day is closed', atEvent('MarketClosed')],
  ['when a session ends', atEvent('SessionEnded')],
  ['when the next session begins', atEvent('SessionCarried')],
];

describe('an engine that is killed', () => {
  it.each(STEPS)('%s has one order for each intent, and agrees with its venue', async (_, moment, fault) => {
    const killed = { armed: false, done: false };
    const session = new Session(
      SEED,
      'walks',
      moment(() => {
        if (!killed.armed || killed.done) return;
        killed.done = true;
        void session.rig.kill();
      }),
    );
    await session.begin();
    if (fault !== undefined) session.rig.venue.inject(fault);
    killed.armed = true;
    await session.rig.until('the moment to kill it', () => killed.done, 30_000);
    await session.rig.advance(1_000);
    await session.recover();
    await session.tradesAgain();
    await session.rest();
    const { violations } = await session.finish();
    expect(violations).toEqual([]);
  });
});
