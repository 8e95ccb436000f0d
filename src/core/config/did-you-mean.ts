/**
 * The candidate that `name` most likely meant: the fewest single-letter edits (a swap of neighbours is one), case apart,
 * at most a third of its length; a beginning of three letters or more counts as one edit. Ties go to the first candidate; `undefined`: none is near.
 */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = distanceOf(wanted, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** " (did you mean X?)" with X as `quote` writes it, or "". */
export function hint(name: string, candidates: Iterable<string>, quote: (text: string) => string): string {
  const near = didYouMean(name, candidates);
  return near === undefined ? "" : ` (did you mean ${quote(near)}?)`;
}

function distanceOf(wanted: string, candidate: string): number {
  const distance = editDistance(wanted, candidate);
  return wanted.length >= 3 && candidate.startsWith(wanted) ? Math.min(distance, 1) : distance;
}

function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(at(row, j - 1) + 1, at(last, j) + 1, at(last, j - 1) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, at(beforeLast, j - 2) + 1);
      }
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
