/** What a decision rests on, as the log keeps it: the standing decisions in order, without those that this log does not hold. */
export const basisOf = (seqs: readonly number[]): number[] =>
  seqs.filter((seq) => seq > 0).sort((a, b) => a - b);
