/** A container runtime in memory: does what it is asked at once, unless a test says otherwise. */
import { containerInfoFromLabels } from "../../src/core/cri/labels.ts";
import type {
  ContainerConfig,
  CriContainer,
  CriContainerState,
  CriContainerStatus,
  CriImage,
  PodSandbox,
  PodSandboxConfig,
  PodSandboxStatus,
  RuntimeCondition,
  RuntimeHandler,
  StringMap,
} from "../../src/core/cri/types.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { RuntimeError } from "../../src/ports/errors.ts";
import type {
  CallOptions,
  ContainerFilter,
  CriFilesystemUsage,
  ExecSyncResult,
  ImageService,
  PodSandboxFilter,
  RegistryAuth,
  RuntimeEvent,
  RuntimeEventSource,
  RuntimeService,
} from "../../src/ports/runtime.ts";

export type FakeContainer = CriContainerStatus & { readonly podSandboxId: string };

/** Waits until it is opened. */
export class Gate {
  open: () => void = () => {};
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });
}

type Hook = (call: string, id: string) => Promise<void> | undefined;

type FakedCalls = Pick<
  RuntimeService,
  | "version"
  | "status"
  | "runPodSandbox"
  | "stopPodSandbox"
  | "removePodSandbox"
  | "podSandboxStatus"
  | "listPodSandbox"
  | "createContainer"
  | "startContainer"
  | "stopContainer"
  | "removeContainer"
  | "listContainers"
  | "containerStatus"
  | "reopenContainerLog"
  | "execSync"
>;

export class FakeRuntime implements FakedCalls {
  readonly #clock: Clock;
  readonly sandboxes = new Map<string, PodSandboxStatus>();
  readonly containers = new Map<string, FakeContainer>();
  /** What was asked for, but for lists and statuses: "stopContainer c1 30". */
  readonly calls: string[] = [];
  /** Lists and statuses that were asked for. */
  readonly reads: string[] = [];
  conditions: readonly RuntimeCondition[] = [
    { type: "RuntimeReady", status: true, reason: "", message: "" },
    { type: "NetworkReady", status: true, reason: "", message: "" },
  ];
  handlers: readonly RuntimeHandler[] = [];
  /** Those of all sandboxes and containers that were made, in their order. */
  readonly sandboxConfigs: PodSandboxConfig[] = [];
  readonly containerConfigs: ContainerConfig[] = [];
  /** Before a call takes effect: throws, or holds it up. */
  before: Hook = () => undefined;
  /** After it took effect, before its answer goes out. */
  beforeAnswer: Hook = () => undefined;
  #ids = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** For ports that ask for the whole of RuntimeService. */
  get service(): RuntimeService {
    return this as unknown as RuntimeService;
  }

  /** A call fails from now on. */
  fail(call: string, error: Error): void {
    const { before } = this;
    this.before = (name, id) => {
      if (name === call) throw error;
      return before(name, id);
    };
  }

  /** A call (of one object, where `only` is given) waits at the gate. */
  hold(call: string, only?: string): Gate {
    const gate = new Gate();
    const { before } = this;
    this.before = (name, id) => (name === call && (only === undefined || only === id) ? gate.opened : before(name, id));
    return gate;
  }

  heal(): void {
    this.before = () => undefined;
    this.beforeAnswer = () => undefined;
  }

  addSandbox(id: string, labels: StringMap, attempt = 0): PodSandboxStatus {
    const { podName: name, podUid: uid, podNamespace: namespace } = containerInfoFromLabels(labels, {});
    const sandbox: PodSandboxStatus = {
      id,
      metadata: { name, uid, namespace, attempt },
      state: "SANDBOX_READY",
      createdAtMs: this.#clock.now() + this.#ids++ / 1000,
      network: { ip: "10.0.0.9", additionalIps: [] },
      namespaceOptions: { network: "POD", pid: "CONTAINER", ipc: "POD" },
      labels,
      annotations: {},
      runtimeHandler: "",
    };
    this.sandboxes.set(id, sandbox);
    return sandbox;
  }

  setContainer(id: string, change: Partial<FakeContainer>): void {
    const known = this.containers.get(id);
    if (known !== undefined) this.containers.set(id, { ...known, ...change });
  }

  exit(id: string, exitCode: number): void {
    const reason = exitCode === 0 ? "Completed" : "Error";
    this.setContainer(id, { state: "CONTAINER_EXITED", exitCode, reason, finishedAtMs: this.#clock.now() });
  }

  /** Containers of that name in the pod's spec, newest first. */
  instances(name: string): readonly FakeContainer[] {
    return [...this.containers.values()].filter(({ metadata }) => metadata.name === name).reverse();
  }

  async version(options?: CallOptions) {
    await this.#enter("version", "", options);
    return { runtimeName: "containerd", runtimeVersion: "1", runtimeApiVersion: "v1" };
  }

  async status(options?: CallOptions) {
    await this.#enter("status", "", options);
    return { conditions: this.conditions, runtimeHandlers: this.handlers, supplementalGroupsPolicy: false };
  }

  async runPodSandbox(config: PodSandboxConfig, handler: string, options?: CallOptions): Promise<string> {
    const { metadata, labels = {}, linux } = config;
    await this.#enter("runPodSandbox", `${metadata.name} ${metadata.attempt}`, options);
    this.sandboxConfigs.push(config);
    const id = `s${++this.#ids}`;
    const sandbox = this.addSandbox(id, labels, metadata.attempt);
    const namespaceOptions = linux?.securityContext?.namespaceOptions;
    this.sandboxes.set(id, { ...sandbox, runtimeHandler: handler, ...(namespaceOptions && { namespaceOptions }) });
    await this.beforeAnswer("runPodSandbox", id);
    return id;
  }

  async stopPodSandbox(id: string, options?: CallOptions): Promise<void> {
    await this.#enter("stopPodSandbox", id, options);
    for (const container of this.containers.values()) {
      if (container.podSandboxId === id && container.state !== "CONTAINER_EXITED") this.exit(container.id, 137);
    }
    const sandbox = this.sandboxes.get(id);
    if (sandbox !== undefined) this.sandboxes.set(id, { ...sandbox, state: "SANDBOX_NOTREADY" });
  }

  async removePodSandbox(id: string, options?: CallOptions): Promise<void> {
    await this.#enter("removePodSandbox", id, options);
    for (const container of this.containers.values()) {
      if (container.podSandboxId === id) this.containers.delete(container.id);
    }
    this.sandboxes.delete(id);
  }

  async podSandboxStatus(id: string, options?: CallOptions): Promise<PodSandboxStatus | undefined> {
    await this.#look("podSandboxStatus", id, options);
    return this.sandboxes.get(id);
  }

  async listPodSandbox(filter?: PodSandboxFilter, options?: CallOptions): Promise<readonly PodSandbox[]> {
    const uid = Object.values(filter?.labelSelector ?? {})[0] ?? "";
    await this.#look("listPodSandbox", uid, options);
    const rows = [...this.sandboxes.values()].filter(({ labels }) => matches(labels, filter?.labelSelector));
    await this.beforeAnswer("listPodSandbox", uid);
    return rows;
  }

  async createContainer(sandboxId: string, config: ContainerConfig, _sandbox: PodSandboxConfig, options?: CallOptions) {
    await this.#enter("createContainer", `${config.metadata.name} ${config.metadata.attempt}`, options);
    this.containerConfigs.push(config);
    const id = `c${++this.#ids}`;
    this.containers.set(id, {
      id,
      podSandboxId: sandboxId,
      metadata: config.metadata,
      state: "CONTAINER_CREATED",
      createdAtMs: this.#clock.now() + this.#ids / 1000,
      startedAtMs: 0,
      finishedAtMs: 0,
      exitCode: 0,
      image: config.image,
      imageRef: config.image.image,
      reason: "",
      message: "",
      labels: config.labels ?? {},
      annotations: config.annotations ?? {},
      mounts: config.mounts ?? [],
      logPath: config.logPath ?? "",
    });
    return id;
  }

  async startContainer(id: string, options?: CallOptions): Promise<void> {
    await this.#enter("startContainer", id, options);
    this.setContainer(id, { state: "CONTAINER_RUNNING", startedAtMs: this.#clock.now() });
    await this.beforeAnswer("startContainer", id);
  }

  async stopContainer(id: string, graceSeconds: number, options?: CallOptions): Promise<void> {
    await this.#enter("stopContainer", id, options, ` ${graceSeconds}`);
    if (this.containers.get(id)?.state !== "CONTAINER_EXITED") this.exit(id, 143);
  }

  async removeContainer(id: string, options?: CallOptions): Promise<void> {
    await this.#enter("removeContainer", id, options);
    this.containers.delete(id);
  }

  async listContainers(filter?: ContainerFilter, options?: CallOptions): Promise<readonly CriContainer[]> {
    const uid = Object.values(filter?.labelSelector ?? {})[0] ?? "";
    await this.#look("listContainers", uid, options);
    const rows = [...this.containers.values()].filter(({ labels }) => matches(labels, filter?.labelSelector));
    await this.beforeAnswer("listContainers", uid);
    return rows;
  }

  async containerStatus(id: string, options?: CallOptions): Promise<CriContainerStatus | undefined> {
    await this.#look("containerStatus", id, options);
    return this.containers.get(id);
  }

  /** What a command in a container comes to. */
  command: (command: readonly string[]) => Promise<ExecSyncResult> = async () => execResult(0);

  async execSync(id: string, command: readonly string[], timeoutSeconds: number, options?: CallOptions) {
    await this.#look("execSync", `${id} ${command.join(" ")} ${timeoutSeconds}`, options);
    return this.command(command);
  }

  async reopenContainerLog(id: string, options?: CallOptions): Promise<void> {
    await this.#enter("reopenContainerLog", id, options);
  }

  async #enter(call: string, id: string, options: CallOptions | undefined, more = ""): Promise<void> {
    this.calls.push(`${call} ${id}${more}`.trim());
    await this.#wait(call, id, options);
  }

  async #look(call: string, id: string, options: CallOptions | undefined): Promise<void> {
    this.reads.push(`${call} ${id}`.trim());
    await this.#wait(call, id, options);
  }

  async #wait(call: string, id: string, options: CallOptions | undefined): Promise<void> {
    const signal = options?.signal;
    const cancelled = () => new RuntimeError("Cancelled", call, "context canceled");
    if (signal?.aborted) throw cancelled();
    const wait = this.before(call, id);
    if (wait === undefined) return;
    await new Promise<void>((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(cancelled()), { once: true });
      wait.then(resolve, reject);
    });
  }
}

export function execResult(exitCode: number, stdout = "", stderr = ""): ExecSyncResult {
  const bytes = (text: string) => new TextEncoder().encode(text);
  return { exitCode, stdout: bytes(stdout), stderr: bytes(stderr) };
}

function matches(labels: StringMap, selector: StringMap = {}): boolean {
  return Object.entries(selector).every(([name, value]) => labels[name] === value);
}

/** A stream that a test connects, breaks and speaks into. */
export class FakeEventSource implements RuntimeEventSource {
  runs = 0;
  #end: ((error?: Error) => void) | undefined;
  #onConnected: () => void = () => {};
  #onEvent: (event: RuntimeEvent) => void = () => {};

  run(onConnected: () => void, onEvent: (event: RuntimeEvent) => void, signal: AbortSignal): Promise<void> {
    this.runs += 1;
    this.#onConnected = onConnected;
    this.#onEvent = onEvent;
    return new Promise((resolve, reject) => {
      this.#end = (error) => (error === undefined ? resolve() : reject(error));
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  connect(): void {
    this.#onConnected();
  }

  break(error?: Error): void {
    this.#end?.(error);
  }

  tell(kind: RuntimeEvent["kind"], containerId: string, podUid?: string): void {
    this.#onEvent({ kind, containerId, timestampMs: 0, ...(podUid !== undefined && { podUid }) });
  }
}

type FakedImageCalls = Pick<ImageService, "imageStatus" | "pullImage" | "listImages" | "removeImage" | "imageFsInfo">;

/** Images by name; what is not there is pulled at once. */
export class FakeImages implements FakedImageCalls {
  readonly present = new Set<string>();
  readonly pinned = new Set<string>();
  readonly pulls: string[] = [];
  /** What the pulls showed to the registry. */
  readonly auths: (RegistryAuth | undefined)[] = [];
  /** Names of images whose removal was asked for. */
  readonly removals: string[] = [];
  /** Of each image, and of the disk that holds them. */
  imageBytes = 1;
  capacityBytes: number | undefined = 100;
  otherBytes = 0;
  remove: (image: string) => Promise<void> = async () => {};
  pull: (image: string, auth: RegistryAuth | undefined) => Promise<void> = async () => {};
  inspect: (image: string) => Promise<void> = async () => {};

  get service(): ImageService {
    return this as unknown as ImageService;
  }

  async imageStatus({ image }: { readonly image: string }): Promise<CriImage | undefined> {
    await this.inspect(image);
    if (!this.present.has(image)) return undefined;
    return this.#row(image);
  }

  /** The filesystem that images are on. */
  readonly filesystem = async () => {
    const { capacityBytes } = this;
    if (capacityBytes === undefined) return undefined;
    return { capacityBytes, availableBytes: capacityBytes - this.otherBytes - this.#usedBytes };
  };

  async listImages(): Promise<readonly CriImage[]> {
    return [...this.present].map((image) => this.#row(image));
  }

  async removeImage({ image }: { readonly image: string }): Promise<void> {
    const name = [...this.present].find((each) => each === image || idOf(each) === image) ?? image;
    this.removals.push(name);
    await this.remove(name);
    this.present.delete(name);
  }

  /** Where a test has the writable layers; empty: where images are. */
  containerFilesystems: readonly CriFilesystemUsage[] = [];

  async imageFsInfo() {
    const usage = { timestampMs: 0, mountpoint: "/images", usedBytes: this.#usedBytes, inodesUsed: 1 };
    return { imageFilesystems: [usage], containerFilesystems: this.containerFilesystems };
  }

  get #usedBytes(): number {
    return this.present.size * this.imageBytes;
  }

  #row(image: string): CriImage {
    return {
      id: idOf(image),
      repoTags: [image],
      repoDigests: [],
      sizeBytes: this.imageBytes,
      username: "",
      pinned: this.pinned.has(image),
    };
  }

  async pullImage({ image }: { readonly image: string }, auth: RegistryAuth | undefined): Promise<string> {
    this.pulls.push(image);
    this.auths.push(auth);
    await this.pull(image, auth);
    this.present.add(image);
    return idOf(image);
  }
}

function idOf(image: string): string {
  return `id-of-${image}`;
}

export function labelsOf(uid: string, name = uid, namespace = "default"): StringMap {
  return {
    "io.kubernetes.pod.name": name,
    "io.kubernetes.pod.namespace": namespace,
    "io.kubernetes.pod.uid": uid,
  };
}

export function containerOfPod(
  uid: string,
  id: string,
  name: string,
  state: CriContainerState = "CONTAINER_RUNNING",
): FakeContainer {
  return {
    id,
    podSandboxId: `s-${uid}`,
    metadata: { name, attempt: 0 },
    state,
    createdAtMs: 1,
    startedAtMs: 1,
    finishedAtMs: 0,
    exitCode: 0,
    image: { image: "busybox" },
    imageRef: "busybox",
    reason: "",
    message: "",
    labels: { ...labelsOf(uid), "io.kubernetes.container.name": name },
    annotations: {},
    mounts: [],
    logPath: "",
  };
}
