/** Refuses pods whose security settings this node cannot keep. */
import type { Pod } from "../../core/api/types.ts";
import type { Admission } from "../../core/eviction/index.ts";
import { admitSecurity } from "../../core/pod/admit-security.ts";
import { type SysctlAllowlist, sysctlAllowlist } from "../../core/pod/sysctls.ts";
import type { MachineInfo } from "../../ports/machine.ts";
import type { RuntimeHealth } from "../node/runtime-health.ts";

export interface SecurityAdmissionPorts {
  readonly health: Pick<RuntimeHealth, "status">;
  readonly machine: Pick<MachineInfo, "appArmor" | "kernelVersion">;
}

export class SecurityAdmission {
  readonly #ports: SecurityAdmissionPorts;
  readonly #sysctls: SysctlAllowlist;

  constructor(ports: SecurityAdmissionPorts, options: { readonly allowedUnsafeSysctls: readonly string[] }) {
    this.#ports = ports;
    const allowlist = sysctlAllowlist(options.allowedUnsafeSysctls, ports.machine.kernelVersion);
    if ("error" in allowlist) throw new Error(allowlist.error);
    this.#sysctls = allowlist;
  }

  admit(pod: Pod): Admission {
    const { health, machine } = this.#ports;
    const supplementalGroupsPolicy = health.status?.supplementalGroupsPolicy;
    return admitSecurity(pod, { sysctls: this.#sysctls, appArmor: machine.appArmor, supplementalGroupsPolicy });
  }
}
