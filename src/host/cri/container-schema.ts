/** CRI runtime.v1 messages about containers, with the field numbers of api.proto. */
import type {
  Capability,
  ContainerConfig,
  ContainerMetadata,
  CriContainer,
  CriContainerState,
  CriContainerStatus,
  CriDevice,
  CriMount,
  KeyValue,
  LinuxContainerConfig,
  LinuxContainerResources,
  LinuxContainerSecurityContext,
  LinuxContainerUser,
  PodSandboxConfig,
} from "../../core/cri/types.ts";
import type { ContainerFilter, ExecRequest, ExecSyncResult } from "../../ports/runtime.ts";
import { imageSpec } from "./image-schema.ts";
import {
  bool,
  bytes,
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
  wrapped,
} from "./message.ts";
import {
  idMapping,
  linuxContainerResources,
  namespaceOption,
  podSandboxConfig,
  securityProfile,
  seLinuxOption,
  supplementalGroupsPolicy,
} from "./sandbox-schema.ts";

function containerState(id: number): Field<CriContainerState> {
  return enumeration<CriContainerState>(
    id,
    ["CONTAINER_CREATED", "CONTAINER_RUNNING", "CONTAINER_EXITED", "CONTAINER_UNKNOWN"],
    "CONTAINER_UNKNOWN",
  );
}

export const containerMetadata = message<ContainerMetadata>({ name: string(1), attempt: uint32(2) });

const keyValue = message<KeyValue>({ key: string(1), value: string(2) });

const mount = message<CriMount>({
  containerPath: string(1),
  hostPath: string(2),
  readonly: optional(bool(3)),
  selinuxRelabel: optional(bool(4)),
  propagation: optional(
    enumeration<NonNullable<CriMount["propagation"]>>(5, [
      "PROPAGATION_PRIVATE",
      "PROPAGATION_HOST_TO_CONTAINER",
      "PROPAGATION_BIDIRECTIONAL",
    ]),
  ),
  uidMappings: optional(repeated(nested(6, idMapping))),
  gidMappings: optional(repeated(nested(7, idMapping))),
  recursiveReadOnly: optional(bool(8)),
  image: optional(nested(9, imageSpec)),
  imageSubPath: optional(string(10)),
});

const device = message<CriDevice>({ containerPath: string(1), hostPath: string(2), permissions: string(3) });

const capability = message<Capability>({
  addCapabilities: repeated(string(1)),
  dropCapabilities: repeated(string(2)),
  addAmbientCapabilities: optional(repeated(string(3))),
});

const linuxContainerSecurityContext = message<LinuxContainerSecurityContext>({
  capabilities: optional(nested(1, capability)),
  privileged: optional(bool(2)),
  namespaceOptions: optional(nested(3, namespaceOption)),
  selinuxOptions: optional(nested(4, seLinuxOption)),
  runAsUser: int64Value(5),
  runAsGroup: int64Value(12),
  runAsUsername: optional(string(6)),
  readonlyRootfs: optional(bool(7)),
  supplementalGroups: optional(repeated(int64(8), "packed")),
  supplementalGroupsPolicy: optional(supplementalGroupsPolicy(17)),
  apparmorProfile: optional(string(9)),
  seccompProfilePath: optional(string(10)),
  noNewPrivs: optional(bool(11)),
  maskedPaths: optional(repeated(string(13))),
  readonlyPaths: optional(repeated(string(14))),
  seccomp: optional(nested(15, securityProfile)),
  apparmor: optional(nested(16, securityProfile)),
});

const linuxContainerConfig = message<LinuxContainerConfig>({
  resources: optional(nested(1, linuxContainerResources)),
  securityContext: optional(nested(2, linuxContainerSecurityContext)),
});

const containerConfig = message<ContainerConfig>({
  metadata: nested(1, containerMetadata),
  image: nested(2, imageSpec),
  command: optional(repeated(string(3))),
  args: optional(repeated(string(4))),
  workingDir: optional(string(5)),
  envs: optional(repeated(nested(6, keyValue))),
  mounts: optional(repeated(nested(7, mount))),
  devices: optional(repeated(nested(8, device))),
  labels: optional(stringMap(9)),
  annotations: optional(stringMap(10)),
  logPath: optional(string(11)),
  stdin: optional(bool(12)),
  stdinOnce: optional(bool(13)),
  tty: optional(bool(14)),
  linux: optional(nested(15, linuxContainerConfig)),
  cdiDevices: optional(repeated(flattened(17, string(1)))),
});

const container = message<CriContainer>({
  id: string(1),
  podSandboxId: string(2),
  metadata: nested(3, containerMetadata),
  image: nested(4, imageSpec),
  imageRef: string(5),
  state: containerState(6),
  createdAtMs: nanos(7),
  labels: stringMap(8),
  annotations: stringMap(9),
});

const linuxContainerUser = message<LinuxContainerUser>({
  uid: int64(1),
  gid: int64(2),
  supplementalGroups: repeated(int64(3), "packed"),
});

const containerStatus = message<CriContainerStatus>({
  id: string(1),
  metadata: nested(2, containerMetadata),
  state: containerState(3),
  createdAtMs: nanos(4),
  startedAtMs: nanos(5),
  finishedAtMs: nanos(6),
  exitCode: int32(7),
  image: nested(8, imageSpec),
  imageRef: string(9),
  reason: string(10),
  message: string(11),
  labels: stringMap(12),
  annotations: stringMap(13),
  mounts: repeated(nested(14, mount)),
  logPath: string(15),
  // resources.linux and user.linux
  resources: wrapped(16, optional(nested(1, linuxContainerResources))),
  imageId: optional(string(17)),
  user: wrapped(18, optional(nested(1, linuxContainerUser))),
});

const containerFilter = message<ContainerFilter>({
  id: optional(string(1)),
  state: wrapped(2, containerState(1)),
  podSandboxId: optional(string(3)),
  labelSelector: optional(stringMap(4)),
});

export const createContainerRequest = message<{
  podSandboxId: string;
  config: ContainerConfig;
  sandboxConfig: PodSandboxConfig;
}>({
  podSandboxId: string(1),
  config: nested(2, containerConfig),
  sandboxConfig: nested(3, podSandboxConfig),
});

export const stopContainerRequest = message<{ id: string; timeoutSeconds: number }>({
  id: string(1),
  timeoutSeconds: int64(2),
});

export const listContainersRequest = message<{ filter?: ContainerFilter }>({
  filter: optional(nested(1, containerFilter)),
});

export const listContainersResponse = message<{ containers: readonly CriContainer[] }>({
  containers: repeated(nested(1, container)),
});

export const containerStatusResponse = message<{ status?: CriContainerStatus }>({
  status: optional(nested(1, containerStatus)),
});

export const updateContainerResourcesRequest = message<{ id: string; linux: LinuxContainerResources }>({
  id: string(1),
  linux: nested(2, linuxContainerResources),
});

export const execSyncRequest = message<{ id: string; command: readonly string[]; timeoutSeconds: number }>({
  id: string(1),
  command: repeated(string(2)),
  timeoutSeconds: int64(3),
});

export const execSyncResponse = message<ExecSyncResult>({ stdout: bytes(1), stderr: bytes(2), exitCode: int32(3) });

export const execRequest = message<ExecRequest>({
  containerId: string(1),
  command: repeated(string(2)),
  tty: bool(3),
  stdin: bool(4),
  stdout: bool(5),
  stderr: bool(6),
});

export const attachRequest = message<Omit<ExecRequest, "command">>({
  containerId: string(1),
  stdin: bool(2),
  tty: bool(3),
  stdout: bool(4),
  stderr: bool(5),
});

export const portForwardRequest = message<{ id: string; ports: readonly number[] }>({
  id: string(1),
  ports: repeated(int32(2), "packed"),
});

/** Response of Exec, Attach and PortForward. */
export const urlResponse = message<{ url: string }>({ url: string(1) });

export const checkpointContainerRequest = message<{ id: string; location: string; timeoutSeconds: number }>({
  id: string(1),
  location: string(2),
  timeoutSeconds: int64(3),
});
