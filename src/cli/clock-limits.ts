/** How far this computer's clock may be off its venue's: doctor and start say the same of it. Microseconds. */

/** Beyond it somebody is told. */
export const CLOCK_OFF_TOLD_US = 5_000_000;
/** Further off, every quote is old or of the future, and bells ring at the wrong time: no engine starts. */
export const CLOCK_OFF_MAX_US = 60_000_000;
