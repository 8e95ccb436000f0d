import { nearestName } from "../manifest/nearest-name.ts";

/**
 * The candidate that `name` most likely meant: the nearest by letters, else the one that begins most like it (three
 * letters and two thirds of `name` at least); `undefined`: none is near.
 */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const list = [...candidates];
  const near = nearestName(name, list);
  if (near !== undefined) return near;
  const shared = list.map((candidate) => sharedBeginning(name.toLowerCase(), candidate.toLowerCase()));
  const longest = Math.max(0, ...shared);
  return longest >= 3 && longest * 3 >= name.length * 2 ? list[shared.indexOf(longest)] : undefined;
}

/** " (did you mean X?)" with X as `quote` writes it, or "". */
export function hint(name: string, candidates: Iterable<string>, quote: (text: string) => string): string {
  const near = didYouMean(name, candidates);
  return near === undefined ? "" : ` (did you mean ${quote(near)}?)`;
}

function sharedBeginning(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}
