/** The nearest valid word to a mistyped one. */

export function nearest(word: string, words: Iterable<string>): string | null {
  let found: string | null = null;
  // A short word is soon another one: one slip in three letters, two in nine, then more.
  let least = (word.length <= 3 ? 1 : Math.max(2, Math.floor(word.length / 3))) + 1;
  for (const each of words) {
    const distance = editDistance(word.toLowerCase(), each.toLowerCase());
    if (distance >= least) continue;
    found = each;
    least = distance;
  }
  return found;
}

/** Insertions, deletions and replacements that turn one into the other (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}
