import { nearestName } from "../manifest/nearest-name.ts";

/**
 * The candidate that `name` most likely meant: the nearest by letters, else the first that begins with it (three letters
 * or more); `undefined`: none is near.
 */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const list = [...candidates];
  const near = nearestName(name, list);
  if (near !== undefined || name.length < 3) return near;
  return list.find((candidate) => candidate.toLowerCase().startsWith(name.toLowerCase()));
}

/** " (did you mean X?)" with X as `quote` writes it, or "". */
export function hint(name: string, candidates: Iterable<string>, quote: (text: string) => string): string {
  const near = didYouMean(name, candidates);
  return near === undefined ? "" : ` (did you mean ${quote(near)}?)`;
}
