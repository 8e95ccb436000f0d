import type { PsiStats } from "../stats/summary.ts";
import type { PsiGuard } from "./policy.ts";

/** Why a shortage of memory evicts nobody. NoStall: nothing waits for memory. Cooldown: the last eviction is too recent. */
export type GuardReason = "NoStall" | "Cooldown";

/**
 * Whether the guard keeps memory from evicting. Stalls that were not observed hold nothing back: a kernel that does not tell
 * them must not switch eviction off.
 */
export function guardReason(
  guard: PsiGuard | undefined,
  psi: PsiStats | undefined,
  sinceEvictionMs: number | undefined,
): GuardReason | undefined {
  if (guard === undefined) return undefined;
  if (sinceEvictionMs !== undefined && sinceEvictionMs < guard.cooldownSeconds * 1000) return "Cooldown";
  return psi === undefined || isStalled(guard, psi) ? undefined : "NoStall";
}

/** Either level is enough; without any level shortage alone is. */
function isStalled({ someAvg10Percent, fullAvg10Percent }: PsiGuard, { some, full }: PsiStats): boolean {
  if (someAvg10Percent === undefined && fullAvg10Percent === undefined) return true;
  const isSome = someAvg10Percent !== undefined && some.avg10 >= someAvg10Percent;
  return isSome || (fullAvg10Percent !== undefined && full.avg10 >= fullAvg10Percent);
}
