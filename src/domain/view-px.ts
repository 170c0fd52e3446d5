/** A price that may be looked at and never reckoned with: the compiler does not know it as a number. */
declare const viewOnly: unique symbol;

/** Dollars. An opaque type: no quote, no tick and no order's terms can be made of it. */
export interface ViewPx {
  readonly [viewOnly]: true;
}

/** For adapters of view-only sources; only faces look inside, see projections/view-marks. */
export const asViewPx = (px: number): ViewPx => px as unknown as ViewPx;
