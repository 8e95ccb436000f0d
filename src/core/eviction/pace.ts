import type { EvictionPolicy } from "./policy.ts";

/** A pod that may be evicted, and how much of the starved resource that frees; absent: not measured. */
export interface Candidate {
  readonly frees?: number;
}

/**
 * How many of the candidates go in this step, from the first on. Reference: one. AsNeeded: until what they free covers the
 * shortfall. One whose usage is not known ends the step, so that it is measured again before anybody else goes, and after
 * the first those that would free nothing stay.
 */
export function takeVictims<T extends Candidate>(
  candidates: readonly T[],
  shortfall: number,
  pace: EvictionPolicy["evictionPace"],
): readonly T[] {
  const [first, ...others] = candidates;
  if (first === undefined) return [];
  if (pace === "Reference" || first.frees === undefined) return [first];
  const taken = [first];
  let left = shortfall - first.frees;
  for (const candidate of others) {
    if (left <= 0 || candidate.frees === undefined) break;
    if (candidate.frees <= 0) continue;
    taken.push(candidate);
    left -= candidate.frees;
  }
  return taken;
}
