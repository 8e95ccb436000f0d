/** Names under which the simulated runtime holds what it makes. */
import type { CgroupName } from "../../core/cgroup/types.ts";
import type { ContainerConfig, PodSandboxConfig } from "../../core/cri/types.ts";
import type { ContainerRecord, SandboxRecord } from "./records.ts";

export function cgroupOf({ sandbox, id }: ContainerRecord): CgroupName {
  return [...sandbox.cgroup.slice(0, -1), id];
}

/** No two sandboxes have the same. */
export function sandboxName({ metadata: { name, namespace, uid, attempt } }: PodSandboxConfig): string {
  return [name, namespace, uid, attempt].join("_");
}

/** No two containers have the same. */
export function containerName(sandbox: SandboxRecord, { metadata }: ContainerConfig): string {
  const { name, namespace, uid } = sandbox.config.metadata;
  return [metadata.name, name, namespace, uid, metadata.attempt].join("_");
}
