/**
 * A view-only price reaches no decision: the compiler refuses every way there. Each refused line stands under
 * `@ts-expect-error`, so that `npm run check` fails where one of them compiles.
 */
import { describe, expect, test } from 'vitest';
import type { Pricing } from '../../src/actors/orders/pricing.ts';
import type { Kernel } from '../../src/bus/kernel.ts';
import { entryCap, type TwoSided } from '../../src/domain/spread-model.ts';
import { asViewPx } from '../../src/domain/view-px.ts';
import type { EventDefinition } from '../../src/events/define-event.ts';
import { ViewQuoted, ViewSourceChanged } from '../../src/events/feed.events.ts';
import { OrderIntended, SubmitAttempted } from '../../src/events/order.events.ts';
import { Tick } from '../../src/events/tick.ts';
import { shownPx } from '../../src/projections/view-marks.ts';

const view: ViewQuoted = { symbol: 'SPY', viewPx: asViewPx(100), asOf: 1, previousClosePx: null };

/** Compiled and never run: what matters is which of its lines the compiler refuses. */
function neverRun(kernel: Kernel, pricing: Pricing): void {
  // @ts-expect-error no stream hears a view quote
  kernel.onStream(ViewQuoted, 'market-data', () => {});
  // @ts-expect-error no actor hears a view quote
  kernel.on(ViewQuoted, 'order-worker', () => {});
  // @ts-expect-error nor what its source is doing
  kernel.onStream(ViewSourceChanged, 'feeds', () => {});
  // @ts-expect-error nor what its source is doing
  kernel.on(ViewSourceChanged, 'feeds', () => {});
  // @ts-expect-error a view is no ordinary definition under another name either
  const disguised: EventDefinition<'input', ViewQuoted> = ViewQuoted;

  // @ts-expect-error what pricing quotes is two-sided and tradable
  const quoted: ReturnType<Pricing['quote']> = view;
  // @ts-expect-error nor can a two-sided quote be put together from one
  const made: TwoSided = { bidPx: view.viewPx, askPx: view.viewPx };
  // @ts-expect-error no price is rounded or capped from one
  entryCap({ bidPx: view.viewPx, askPx: view.viewPx }, 'buy');
  // @ts-expect-error nothing is reckoned with one
  const middle = (view.viewPx + view.viewPx) / 2;

  const tick = new Tick();
  // @ts-expect-error no tick takes one as its price
  tick.px = view.viewPx;
  // @ts-expect-error nor as a quote
  tick.bidPx = view.viewPx;

  const terms = SubmitAttempted.schema.parse({});
  // @ts-expect-error no order leaves at one
  SubmitAttempted.of({ ...terms, limitPx: view.viewPx });
  // @ts-expect-error no stop waits at one
  SubmitAttempted.of({ ...terms, stopPx: view.viewPx });
  const intent = OrderIntended.schema.parse({});
  // @ts-expect-error no intent is priced by one
  OrderIntended.of({ ...intent, bidPx: view.viewPx });
  // @ts-expect-error not even yesterday's close of a view-only source
  OrderIntended.of({ ...intent, limitPx: view.previousClosePx });

  void [disguised, quoted, made, middle, pricing];
}

describe('a view quote is recorded and shown, and nothing more', () => {
  test('only faces look inside', () => {
    expect(neverRun).toBeTypeOf('function');
    expect(shownPx(view.viewPx)).toBe(100);
  });

  test('it is an input like others where it is stored', () => {
    expect(ViewQuoted.of(view)).toEqual({ kind: 'input', type: 'ViewQuoted', version: 1, payload: view });
    expect(JSON.parse(JSON.stringify(view)).viewPx).toBe(100);
  });
});
