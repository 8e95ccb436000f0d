/** CRI runtime.v1 messages about pod sandboxes, with the field numbers of api.proto. */
import type {
  DnsConfig,
  HugepageLimit,
  IdMapping,
  LinuxContainerResources,
  LinuxPodSandboxConfig,
  LinuxSandboxSecurityContext,
  NamespaceMode,
  NamespaceOption,
  PodSandbox,
  PodSandboxConfig,
  PodSandboxMetadata,
  PodSandboxState,
  PodSandboxStatus,
  PortMapping,
  SecurityProfile,
  SeLinuxOption,
  SupplementalGroupsPolicy,
  UserNamespace,
} from "../../core/cri/types.ts";
import type { PodSandboxFilter } from "../../ports/runtime.ts";
import {
  bool,
  enumeration,
  type Field,
  flattened,
  int32,
  int64,
  int64Value,
  message,
  nanos,
  nested,
  optional,
  repeated,
  string,
  stringMap,
  uint32,
  uint64,
  wrapped,
} from "./message.ts";

function namespaceMode(id: number): Field<NamespaceMode> {
  return enumeration<NamespaceMode>(id, ["POD", "CONTAINER", "NODE", "TARGET"]);
}

export function supplementalGroupsPolicy(id: number): Field<SupplementalGroupsPolicy> {
  return enumeration<SupplementalGroupsPolicy>(id, ["Merge", "Strict"]);
}

function sandboxState(id: number): Field<PodSandboxState> {
  return enumeration<PodSandboxState>(id, ["SANDBOX_READY", "SANDBOX_NOTREADY"], "SANDBOX_NOTREADY");
}

export const idMapping = message<IdMapping>({ hostId: uint32(1), containerId: uint32(2), length: uint32(3) });

const userNamespace = message<UserNamespace>({
  mode: namespaceMode(1),
  uids: repeated(nested(2, idMapping)),
  gids: repeated(nested(3, idMapping)),
});

export const namespaceOption = message<NamespaceOption>({
  network: namespaceMode(1),
  pid: namespaceMode(2),
  ipc: namespaceMode(3),
  targetId: optional(string(4)),
  usernsOptions: optional(nested(5, userNamespace)),
});

export const seLinuxOption = message<SeLinuxOption>({
  user: string(1),
  role: string(2),
  type: string(3),
  level: string(4),
});

export const securityProfile = message<SecurityProfile>({
  profileType: enumeration<SecurityProfile["profileType"]>(1, ["RuntimeDefault", "Unconfined", "Localhost"]),
  localhostRef: optional(string(2)),
});

const hugepageLimit = message<HugepageLimit>({ pageSize: string(1), limit: uint64(2) });

export const linuxContainerResources = message<LinuxContainerResources>({
  cpuPeriod: optional(int64(1)),
  cpuQuota: optional(int64(2)),
  cpuShares: optional(int64(3)),
  memoryLimitInBytes: optional(int64(4)),
  oomScoreAdj: optional(int64(5)),
  cpusetCpus: optional(string(6)),
  cpusetMems: optional(string(7)),
  hugepageLimits: optional(repeated(nested(8, hugepageLimit))),
  unified: optional(stringMap(9)),
  memorySwapLimitInBytes: optional(int64(10)),
});

const dnsConfig = message<DnsConfig>({
  servers: repeated(string(1)),
  searches: repeated(string(2)),
  options: repeated(string(3)),
});

const portMapping = message<PortMapping>({
  protocol: enumeration<PortMapping["protocol"]>(1, ["TCP", "UDP", "SCTP"]),
  containerPort: int32(2),
  hostPort: int32(3),
  hostIp: string(4),
});

const linuxSandboxSecurityContext = message<LinuxSandboxSecurityContext>({
  namespaceOptions: optional(nested(1, namespaceOption)),
  selinuxOptions: optional(nested(2, seLinuxOption)),
  runAsUser: int64Value(3),
  runAsGroup: int64Value(8),
  readonlyRootfs: optional(bool(4)),
  supplementalGroups: optional(repeated(int64(5), "packed")),
  supplementalGroupsPolicy: optional(supplementalGroupsPolicy(11)),
  privileged: optional(bool(6)),
  seccomp: optional(nested(9, securityProfile)),
  apparmor: optional(nested(10, securityProfile)),
  seccompProfilePath: optional(string(7)),
});

const linuxPodSandboxConfig = message<LinuxPodSandboxConfig>({
  cgroupParent: optional(string(1)),
  securityContext: optional(nested(2, linuxSandboxSecurityContext)),
  sysctls: optional(stringMap(3)),
  overhead: optional(nested(4, linuxContainerResources)),
  resources: optional(nested(5, linuxContainerResources)),
});

export const podSandboxMetadata = message<PodSandboxMetadata>({
  name: string(1),
  uid: string(2),
  namespace: string(3),
  attempt: uint32(4),
});

export const podSandboxConfig = message<PodSandboxConfig>({
  metadata: nested(1, podSandboxMetadata),
  hostname: optional(string(2)),
  logDirectory: optional(string(3)),
  dnsConfig: optional(nested(4, dnsConfig)),
  portMappings: optional(repeated(nested(5, portMapping))),
  labels: optional(stringMap(6)),
  annotations: optional(stringMap(7)),
  linux: optional(nested(8, linuxPodSandboxConfig)),
});

export const podSandbox = message<PodSandbox>({
  id: string(1),
  metadata: nested(2, podSandboxMetadata),
  state: sandboxState(3),
  createdAtMs: nanos(4),
  labels: stringMap(5),
  annotations: stringMap(6),
  runtimeHandler: string(7),
});

export const podSandboxStatus = message<PodSandboxStatus>({
  id: string(1),
  metadata: nested(2, podSandboxMetadata),
  state: sandboxState(3),
  createdAtMs: nanos(4),
  network: optional(
    nested(
      5,
      message<NonNullable<PodSandboxStatus["network"]>>({
        ip: string(1),
        additionalIps: repeated(flattened(2, string(1))),
      }),
    ),
  ),
  // linux.namespaces.options
  namespaceOptions: wrapped(6, wrapped(1, optional(nested(2, namespaceOption)))),
  labels: stringMap(7),
  annotations: stringMap(8),
  runtimeHandler: string(9),
});

const podSandboxFilter = message<PodSandboxFilter>({
  id: optional(string(1)),
  state: wrapped(2, sandboxState(1)),
  labelSelector: optional(stringMap(3)),
});

export const runPodSandboxRequest = message<{ config: PodSandboxConfig; runtimeHandler: string }>({
  config: nested(1, podSandboxConfig),
  runtimeHandler: string(2),
});

/** Request or response that is nothing but the ID of a sandbox (or, in the same field, of a container). */
export const idMessage = message<{ id: string }>({ id: string(1) });

export const podSandboxStatusResponse = message<{ status?: PodSandboxStatus }>({
  status: optional(nested(1, podSandboxStatus)),
});

export const listPodSandboxRequest = message<{ filter?: PodSandboxFilter }>({
  filter: optional(nested(1, podSandboxFilter)),
});

export const listPodSandboxResponse = message<{ items: readonly PodSandbox[] }>({
  items: repeated(nested(1, podSandbox)),
});
