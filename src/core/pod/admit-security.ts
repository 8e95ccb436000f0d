/** Pods whose security settings this node cannot keep are refused, not run with less. */
import type { Pod } from "../api/types.ts";
import { needsAppArmor } from "../cri/apparmor.ts";
import type { Admission } from "../eviction/index.ts";
import { type SysctlAllowlist, sysctlRefusal } from "./sysctls.ts";

/** What the machine and its runtime can do. */
export interface SecurityAbilities {
  readonly sysctls: SysctlAllowlist;
  /** The kernel enforces AppArmor profiles. */
  readonly appArmor: boolean;
  /** The runtime knows supplementalGroupsPolicy; `undefined`: it has not told yet. */
  readonly supplementalGroupsPolicy: boolean | undefined;
}

/**
 * Whether a new pod may start. Source of order, reasons and messages: kubelet sysctl Admit, kubelet_pods.go and
 * lifecycle/predicate.go canAdmit (supplementalGroupsPolicy), lifecycle/handlers.go NewAppArmorAdmitHandler (1.33).
 */
export function admitSecurity(pod: Pod, { sysctls, appArmor, supplementalGroupsPolicy }: SecurityAbilities): Admission {
  const forbidden = sysctlRefusal(pod, sysctls);
  if (forbidden !== undefined) return { admit: false, reason: "SysctlForbidden", message: forbidden };
  if (pod.spec?.securityContext?.supplementalGroupsPolicy === "Strict" && supplementalGroupsPolicy === false) {
    const message = "SupplementalGroupsPolicy=Strict is not supported in this node";
    return { admit: false, reason: "SupplementalGroupsPolicyNotSupported", message };
  }
  if (needsAppArmor(pod) && !appArmor) {
    const message = "Cannot enforce AppArmor: AppArmor is not enabled on the host";
    return { admit: false, reason: "AppArmor", message };
  }
  return { admit: true };
}
