/**
 * The container runtime: RuntimeService and ImageService of the Container Runtime Interface, v1.
 * Every call ends by its deadline (the implementation's default where `options.timeoutMs` is absent) and rejects with
 * `RuntimeError`. What is already stopped or gone is success for stop and remove calls, as CRI says.
 */
import type {
  ContainerConfig,
  CriContainer,
  CriContainerState,
  CriContainerStatus,
  CriImage,
  ImageSpec,
  LinuxContainerResources,
  PodSandbox,
  PodSandboxConfig,
  PodSandboxState,
  PodSandboxStatus,
  RuntimeCondition,
  RuntimeHandler,
  StringMap,
} from "../core/cri/types.ts";

export interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface RuntimeVersion {
  readonly runtimeName: string;
  readonly runtimeVersion: string;
  readonly runtimeApiVersion: string;
}

export interface RuntimeStatus {
  readonly conditions: readonly RuntimeCondition[];
  /** Empty where the runtime does not tell. */
  readonly runtimeHandlers: readonly RuntimeHandler[];
  /** The runtime knows supplementalGroupsPolicy. */
  readonly supplementalGroupsPolicy: boolean;
}

export interface ExecSyncResult {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly exitCode: number;
}

export interface ExecRequest {
  readonly containerId: string;
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

export interface ContainerFilter {
  readonly id?: string;
  readonly state?: CriContainerState;
  readonly podSandboxId?: string;
  readonly labelSelector?: StringMap;
}

export interface PodSandboxFilter {
  readonly id?: string;
  readonly state?: PodSandboxState;
  readonly labelSelector?: StringMap;
}

/** A figure of the runtime; absent numbers were not reported. `timestampMs` is when it was taken. */
export interface CriFilesystemUsage {
  readonly timestampMs: number;
  readonly mountpoint: string;
  readonly usedBytes?: number;
  readonly inodesUsed?: number;
}

export interface CriContainerStats {
  readonly id: string;
  readonly metadata: { readonly name: string; readonly attempt: number };
  readonly labels: StringMap;
  readonly cpu?: { readonly timestampMs: number; readonly usageCoreNanoSeconds?: number };
  readonly memory?: { readonly timestampMs: number; readonly workingSetBytes?: number; readonly usageBytes?: number };
  readonly writableLayer?: CriFilesystemUsage;
}

export interface RuntimeService {
  version(options?: CallOptions): Promise<RuntimeVersion>;
  status(options?: CallOptions): Promise<RuntimeStatus>;

  runPodSandbox(config: PodSandboxConfig, runtimeHandler: string, options?: CallOptions): Promise<string>;
  stopPodSandbox(id: string, options?: CallOptions): Promise<void>;
  removePodSandbox(id: string, options?: CallOptions): Promise<void>;
  /** `undefined`: there is no such sandbox. */
  podSandboxStatus(id: string, options?: CallOptions): Promise<PodSandboxStatus | undefined>;
  listPodSandbox(filter?: PodSandboxFilter, options?: CallOptions): Promise<readonly PodSandbox[]>;

  createContainer(
    sandboxId: string,
    config: ContainerConfig,
    sandboxConfig: PodSandboxConfig,
    options?: CallOptions,
  ): Promise<string>;
  startContainer(id: string, options?: CallOptions): Promise<void>;
  /** SIGTERM (or the image's stop signal), then SIGKILL after `graceSeconds`; the deadline leaves room for the grace. */
  stopContainer(id: string, graceSeconds: number, options?: CallOptions): Promise<void>;
  removeContainer(id: string, options?: CallOptions): Promise<void>;
  listContainers(filter?: ContainerFilter, options?: CallOptions): Promise<readonly CriContainer[]>;
  /** `undefined`: there is no such container. */
  containerStatus(id: string, options?: CallOptions): Promise<CriContainerStatus | undefined>;
  updateContainerResources(id: string, resources: LinuxContainerResources, options?: CallOptions): Promise<void>;
  reopenContainerLog(id: string, options?: CallOptions): Promise<void>;

  execSync(
    id: string,
    command: readonly string[],
    timeoutSeconds: number,
    options?: CallOptions,
  ): Promise<ExecSyncResult>;
  /** URL of the runtime's streaming server for one exec. */
  exec(request: ExecRequest, options?: CallOptions): Promise<string>;
  attach(request: Omit<ExecRequest, "command">, options?: CallOptions): Promise<string>;
  portForward(sandboxId: string, ports: readonly number[], options?: CallOptions): Promise<string>;

  containerStats(id: string, options?: CallOptions): Promise<CriContainerStats | undefined>;
  listContainerStats(filter?: ContainerFilter, options?: CallOptions): Promise<readonly CriContainerStats[]>;
  updateRuntimeConfig(podCidr: string, options?: CallOptions): Promise<void>;
}

/** Calls that only newer runtimes have; the others reject with code `Unimplemented`. */
export interface RuntimeExtensions {
  /** What the runtime is set to; absent: it does not say, and the agent's own configuration counts. */
  runtimeConfig(options?: CallOptions): Promise<{ readonly cgroupDriver?: "systemd" | "cgroupfs" }>;
  /** Writes a checkpoint archive of a running container to `location`, a path that does not exist yet. */
  checkpointContainer(id: string, location: string, timeoutSeconds: number, options?: CallOptions): Promise<void>;
}

/** Basic auth or a token for one pull, as CRI AuthConfig. */
export interface RegistryAuth {
  readonly username?: string;
  readonly password?: string;
  readonly auth?: string;
  readonly serverAddress?: string;
  readonly identityToken?: string;
  readonly registryToken?: string;
}

/** Where images and writable layers are, and what they take; without a word of layers they are where images are. */
export interface ImageFsInfo {
  readonly imageFilesystems: readonly CriFilesystemUsage[];
  readonly containerFilesystems: readonly CriFilesystemUsage[];
}

export interface ImageService {
  listImages(filter?: { readonly image?: ImageSpec }, options?: CallOptions): Promise<readonly CriImage[]>;
  /** `undefined`: the image is not present. */
  imageStatus(image: ImageSpec, options?: CallOptions): Promise<CriImage | undefined>;
  /** Resolves with the reference of the pulled image. */
  pullImage(
    image: ImageSpec,
    auth: RegistryAuth | undefined,
    sandboxConfig: PodSandboxConfig | undefined,
    options?: CallOptions,
  ): Promise<string>;
  removeImage(image: ImageSpec, options?: CallOptions): Promise<void>;
  imageFsInfo(options?: CallOptions): Promise<ImageFsInfo>;
}

/** Something happened to a container or sandbox; `containerId` may be a sandbox's. The truth is asked afterwards. */
export interface RuntimeEvent {
  /**
   * `exited`: the container's first process has ended, told at once with `exit`; the runtime's own status may still say
   * running for some time, and `stopped` follows when it does not any more. Not every runtime tells it.
   */
  readonly kind: "created" | "started" | "exited" | "stopped" | "deleted" | "oom";
  readonly containerId: string;
  /** UID of the pod where the event carries it (CRI GetContainerEvents), else absent. */
  readonly podUid?: string;
  readonly timestampMs: number;
  /** Of `exited`. */
  readonly exit?: { readonly code: number; readonly atMs: number };
}

/**
 * The runtime's own event stream. `run` calls `onConnected` when the stream stands (events before it may be lost: the
 * caller relists) and `onEvent` for each event, in order; it returns when the stream ended or `signal` is aborted, and
 * rejects with `RuntimeError` (code `Unimplemented`: this runtime has no stream; use the relist alone).
 */
export interface RuntimeEventSource {
  run(onConnected: () => void, onEvent: (event: RuntimeEvent) => void, signal: AbortSignal): Promise<void>;
}
