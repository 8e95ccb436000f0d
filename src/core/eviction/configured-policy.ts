import { parseGoDuration } from "../config/go-duration.ts";
import type { TskubeletConfiguration } from "../config/tskubelet-fields.ts";
import type { EvictionPolicy, PsiGuard } from "./policy.ts";

type PolicySettings = TskubeletConfiguration["eviction"];

/** The policy that a configuration asks for. */
export function configuredPolicy({ psiGuard: settings, ...policy }: PolicySettings): EvictionPolicy {
  const psiGuard = configuredGuard(settings);
  return { ...policy, ...(psiGuard !== undefined && { psiGuard }) };
}

/** All zero: no guard. */
function configuredGuard({ someAvg10Percent, fullAvg10Percent, cooldown }: PolicySettings["psiGuard"]) {
  const cooldownSeconds = (parseGoDuration(cooldown) ?? 0) / 1e9;
  if (someAvg10Percent === 0 && fullAvg10Percent === 0 && cooldownSeconds === 0) return undefined;
  const guard: PsiGuard = {
    ...(someAvg10Percent > 0 && { someAvg10Percent }),
    ...(fullAvg10Percent > 0 && { fullAvg10Percent }),
    cooldownSeconds,
  };
  return guard;
}
