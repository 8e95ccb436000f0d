/** How the topics `restart` and `containerstatus` write down what the runtime reports of a pod. */
import type { CriContainerState, PodSandboxStatus } from "../../../src/core/cri/types.ts";
import type { ProbeResult, RuntimeContainerStatus, RuntimePodStatus } from "../../../src/core/pod/runtime-status.ts";

interface SandboxJson {
  readonly id: string;
  readonly state: PodSandboxStatus["state"];
  readonly attempt: number;
  readonly networkNamespace: "POD" | "NODE";
  readonly ip?: string;
}

interface ContainerJson {
  readonly id: string;
  readonly name: string;
  readonly state: "created" | "running" | "exited" | "unknown";
  readonly exitCode?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly specChanged?: boolean;
  readonly createdAt?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly restartCount?: number;
  readonly image?: string;
  readonly imageID?: string;
}

export interface PodStatusJson {
  readonly sandboxStatuses?: readonly SandboxJson[] | null;
  readonly containerStatuses?: readonly ContainerJson[] | null;
  readonly ips?: readonly string[] | null;
}

/** The hash that `SPEC_HASH` stands for is that of the spec; `specChanged` makes another one. */
export const SPEC_HASH = "spec";

export function toRuntimePodStatus(json: PodStatusJson): RuntimePodStatus {
  return {
    uid: "",
    name: "",
    namespace: "",
    ips: json.ips ?? [],
    sandboxStatuses: (json.sandboxStatuses ?? []).map(toSandbox),
    containerStatuses: (json.containerStatuses ?? []).map(toContainer),
  };
}

export function toResults(json: Readonly<Record<string, ProbeResult>> | null): ReadonlyMap<string, ProbeResult> {
  return new Map(Object.entries(json ?? {}));
}

function toSandbox(json: SandboxJson): PodSandboxStatus {
  return {
    id: json.id,
    state: json.state,
    metadata: { name: "", uid: "", namespace: "", attempt: json.attempt },
    createdAtMs: 0,
    ...(json.ip === undefined ? {} : { network: { ip: json.ip, additionalIps: [] } }),
    namespaceOptions: { network: json.networkNamespace, pid: "CONTAINER", ipc: "POD" },
    labels: {},
    annotations: {},
    runtimeHandler: "",
  };
}

function toContainer(json: ContainerJson): RuntimeContainerStatus {
  return {
    id: json.id,
    name: json.name,
    sandboxId: "",
    state: `CONTAINER_${json.state.toUpperCase()}` as CriContainerState,
    createdAtMs: toMs(json.createdAt),
    startedAtMs: toMs(json.startedAt),
    finishedAtMs: toMs(json.finishedAt),
    exitCode: json.exitCode ?? 0,
    image: json.image ?? "",
    imageId: json.imageID ?? "",
    reason: json.reason ?? "",
    message: json.message ?? "",
    restartCount: json.restartCount ?? 0,
    hash: json.specChanged === true ? "another" : SPEC_HASH,
  };
}

function toMs(text: string | undefined): number {
  return text === undefined ? 0 : Date.parse(text);
}
