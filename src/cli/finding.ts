/** What `doctor` found in one place it looked at. */
export interface Finding {
  readonly name: string;
  /** `missing`: something optional; the rest works without it. `failed`: what it is needed for does not work before it is mended. */
  readonly status: 'ok' | 'missing' | 'failed';
  readonly found: string;
  /** What it means and what mends it; null where all is well. */
  readonly advice: string | null;
  /** True where only paper and live trading need it. */
  readonly live?: boolean;
}

export const fine = (name: string, found: string): Finding => ({ name, status: 'ok', found, advice: null });
