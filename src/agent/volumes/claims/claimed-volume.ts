import type { Pod, Volume } from "../../../core/api/types.ts";
import { type ClaimedStorage, isSameStorage } from "../../../core/volume/claims/resolve-claim.ts";
import { claimProblemText } from "../../../core/volume/wanted-volumes.ts";
import type { PodVolume } from "../volume-plugin.ts";

/** Finds the storage behind a claim. */
export interface ClaimLookup {
  /** `undefined`: the volume names no claim. */
  resolve(pod: Pod, volume: Volume): ClaimedStorage | { readonly error: string } | undefined;
}

/** `before`: as it was found last. What is in use stays what it is, wherever its claim may lead by now. */
export function claimedVolume(
  claims: ClaimLookup,
  { uid, pod, volume }: PodVolume,
  before: PodVolume | undefined,
  isInUse: boolean,
): PodVolume {
  const now = claims.resolve(pod, volume);
  if (now === undefined) return { uid, pod, volume };
  const had = before?.claimed;
  const keeps = had !== undefined && !("error" in had) && isInUse && !isSameStorage(had, now);
  return { uid, pod, volume, claimed: keeps ? had : now };
}

/** Its claim leads elsewhere than it did, or what is there has changed. */
export function isReclaimed(before: PodVolume | undefined, now: PodVolume): boolean {
  return before?.claimed !== now.claimed && JSON.stringify(before?.claimed) !== JSON.stringify(now.claimed);
}

/** Why its claim leads nowhere; absent: it names none, or one that does. */
export function claimProblem({ claimed }: PodVolume): string | undefined {
  return claimed !== undefined && "error" in claimed ? claimed.error : undefined;
}

/** Text of the FailedMount event about a mount that failed. */
export function mountFailureText(volume: PodVolume | undefined, name: string, error: string): string {
  if (volume !== undefined && claimProblem(volume) !== undefined) return claimProblemText(name, error);
  return `MountVolume.SetUp failed for volume "${name}" : ${error}`;
}

/** Name of the claim that a volume is behind, for its figures. */
export function claimOf({ claimed }: PodVolume): {
  readonly claim?: { readonly name: string; readonly namespace: string };
} {
  if (claimed === undefined || "error" in claimed) return {};
  const { name = "", namespace = "default" } = claimed.claim.metadata ?? {};
  return { claim: { name, namespace } };
}
