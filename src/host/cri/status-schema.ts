/** CRI runtime.v1 messages about the runtime itself, with the field numbers of api.proto. */
import type { RuntimeCondition, RuntimeHandler, RuntimeHandlerFeatures } from "../../core/cri/types.ts";
import type { RuntimeStatus, RuntimeVersion } from "../../ports/runtime.ts";
import { bool, enumeration, flattened, message, nested, optional, repeated, string, wrapped } from "./message.ts";

export const empty = message<Record<never, never>>({});

export const versionRequest = message<{ version: string }>({ version: string(1) });

export const versionResponse = message<RuntimeVersion>({
  runtimeName: string(2),
  runtimeVersion: string(3),
  runtimeApiVersion: string(4),
});

const condition = message<RuntimeCondition>({
  type: string(1),
  status: bool(2),
  reason: string(3),
  message: string(4),
});

const handlerFeatures = message<RuntimeHandlerFeatures>({
  recursiveReadOnlyMounts: bool(1),
  userNamespaces: bool(2),
});

const runtimeHandler = message<RuntimeHandler>({
  name: string(1),
  features: optional(nested(2, handlerFeatures)),
});

export const statusResponse = message<RuntimeStatus>({
  // status.conditions
  conditions: flattened(1, repeated(nested(1, condition))),
  runtimeHandlers: repeated(nested(3, runtimeHandler)),
  // features.supplemental_groups_policy
  supplementalGroupsPolicy: flattened(4, bool(1)),
});

export const updateRuntimeConfigRequest = message<{ podCidr: string }>({
  // runtime_config.network_config.pod_cidr
  podCidr: flattened(1, flattened(1, string(1))),
});

export const runtimeConfigResponse = message<{ cgroupDriver?: "systemd" | "cgroupfs" }>({
  // linux.cgroup_driver; both levels may be absent
  cgroupDriver: wrapped(1, enumeration(1, ["systemd", "cgroupfs"])),
});
