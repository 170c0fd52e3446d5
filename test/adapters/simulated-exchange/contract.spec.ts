import type { NewInput } from '../../../src/events/define-event.ts';
import { testBroker } from '../../contracts/broker.contract.ts';
import { MINUTE, Venue } from './venue.ts';

testBroker('the simulated exchange', () => {
  const venue = new Venue();
  let now = 0;
  return {
    quote: (bidPx, askPx, size) => void venue.quote((now += MINUTE), bidPx, askPx, size, size),
    submit: (order) => venue.exchange.submit(order, now),
    cancel: (ordinal) => venue.exchange.cancel(ordinal, now),
    reports: () => {
      venue.deliver();
      return venue.reports.splice(0) as unknown as NewInput[];
    },
  };
});
