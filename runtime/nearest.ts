// The nearest right word for a misspelt one, for messages that end in "did you mean".

/** Edit steps between two words, a swap of neighbours counting once; `bound` + 1 where there are more. */
const distance = (a: string, b: string, bound: number): number => {
  if (Math.abs(a.length - b.length) > bound) return bound + 1;
  let before: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      const steps = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(swapped ? Math.min(steps, before[j - 2]! + 1) : steps);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
};

/** The candidate closest to `word`, whatever its case, or null where none is close: a third of it may differ. */
export const nearest = (word: string, candidates: Iterable<string>): string | null => {
  // Words longer than any name that people spell are not worth a quadratic comparison.
  if (word.length > 100) return null;
  const wanted = word.toLowerCase();
  let best: { readonly candidate: string; readonly steps: number } | undefined;
  for (const candidate of candidates) {
    const bound = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
    const steps = distance(wanted, candidate.toLowerCase(), bound);
    if (steps <= bound && (best === undefined || steps < best.steps)) best = { candidate, steps };
  }
  return best?.candidate ?? null;
};

/** The end of a message: `; did you mean "…"?`, or nothing. */
export const didYouMean = (word: string | null): string => (word === null ? "" : `; did you mean "${word}"?`);
