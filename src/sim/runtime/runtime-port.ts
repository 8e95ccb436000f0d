/** The runtime port over a line: what an agent asks, and how long it waits for it. */
import type {
  CallOptions,
  CriContainerStats,
  ExecSyncResult,
  RuntimeService,
  RuntimeStatus,
} from "../../ports/runtime.ts";
import type { Caller, Line } from "../line.ts";
import type { VirtualTime } from "../time/virtual-time.ts";
import { type Program, programOf } from "./program.ts";
import {
  type ContainerRecord,
  containerStatusOf,
  listedContainer,
  listedSandbox,
  sandboxStatusOf,
  shownState,
} from "./records.ts";
import { SIM_IMAGES_DIR } from "./sim-images.ts";
import { failure, type SimRuntime } from "./sim-runtime.ts";

/** The kubelet's runtimeRequestTimeout. */
const TIMEOUT_MS = 120_000;

/** What the agent asks for, before it goes out: for whoever judges it. */
export type Request =
  | { readonly call: "RunPodSandbox"; readonly uid: string }
  | { readonly call: "CreateContainer"; readonly uid: string; readonly container: string }
  | { readonly call: "StartContainer" | "StopContainer" | "RemoveContainer"; readonly containerId: string }
  | { readonly call: "StopPodSandbox" | "RemovePodSandbox"; readonly sandboxId: string };

export interface RuntimePortOptions {
  /** Problem of the pod network; absent: it is ready. */
  readonly networkProblem?: () => string | undefined;
  readonly onRequest?: (request: Request) => void;
}

export function simRuntimeService(
  runtime: SimRuntime,
  time: VirtualTime,
  line: Line,
  { networkProblem = () => undefined, onRequest = () => {} }: RuntimePortOptions = {},
): RuntimeService {
  const call = <T>(name: string, work: (caller: Caller) => T | Promise<T>, options?: CallOptions) =>
    line.call("runtime", name, work, { timeoutMs: TIMEOUT_MS, ...options });
  const ask = <T>(
    request: Request,
    work: (caller: Caller) => T | Promise<T>,
    options: CallOptions | undefined,
    waitMs = 0,
  ): Promise<T> => {
    if (!line.isCut && options?.signal?.aborted !== true) onRequest(request);
    return line.call("runtime", request.call, work, { timeoutMs: TIMEOUT_MS + waitMs, ...options });
  };
  const now = () => time.monotonicMs;
  const known = (id: string, name: string): ContainerRecord => {
    const container = runtime.containers.get(id);
    if (container === undefined) throw failure("NotFound", name, `container "${id}" in namespace "k8s.io": not found`);
    return container;
  };
  const streamUrl = (what: string) => `http://127.0.0.1:0/${what}/${time.monotonicMs}`;
  return {
    version: (options) =>
      call("Version", () => ({ runtimeName: "sim", runtimeVersion: "1", runtimeApiVersion: "v1" }), options),
    status: (options) => call("Status", () => statusOf(networkProblem()), options),

    runPodSandbox: (config, handler, options) =>
      ask(
        { call: "RunPodSandbox", uid: config.metadata.uid },
        () => runtime.runSandbox(config, handler),
        options,
        TIMEOUT_MS,
      ),
    stopPodSandbox: (sandboxId, options) =>
      ask({ call: "StopPodSandbox", sandboxId }, () => runtime.stopSandbox(sandboxId), options),
    removePodSandbox: (sandboxId, options) =>
      ask({ call: "RemovePodSandbox", sandboxId }, () => runtime.removeSandbox(sandboxId), options),
    podSandboxStatus: (id, options) =>
      call(
        "PodSandboxStatus",
        () => {
          const sandbox = runtime.sandboxes.get(id);
          return sandbox === undefined ? undefined : sandboxStatusOf(sandbox);
        },
        options,
      ),
    listPodSandbox: (filter = {}, options) =>
      call(
        "ListPodSandbox",
        () => [...runtime.sandboxes.values()].flatMap((record) => listedSandbox(record, filter) ?? []),
        options,
      ),

    createContainer: (sandboxId, config, sandboxConfig, options) =>
      ask(
        { call: "CreateContainer", uid: sandboxConfig.metadata.uid, container: config.metadata.name },
        () => runtime.createContainer(sandboxId, config),
        options,
      ),
    startContainer: (containerId, options) =>
      ask({ call: "StartContainer", containerId }, () => runtime.startContainer(containerId), options),
    stopContainer: (containerId, graceSeconds, options) =>
      ask(
        { call: "StopContainer", containerId },
        (caller) => runtime.stopContainer(containerId, graceSeconds, () => caller.gone),
        options,
        graceSeconds * 1000,
      ),
    removeContainer: (containerId, options) =>
      ask({ call: "RemoveContainer", containerId }, () => runtime.removeContainer(containerId), options),
    listContainers: (filter = {}, options) =>
      call(
        "ListContainers",
        () => [...runtime.containers.values()].flatMap((record) => listedContainer(record, filter, now()) ?? []),
        options,
      ),
    containerStatus: (id, options) =>
      call(
        "ContainerStatus",
        () => {
          const container = runtime.containers.get(id);
          return container && containerStatusOf(container, shownState(container, time.monotonicMs));
        },
        options,
      ),
    updateContainerResources: (id, resources, options) =>
      call(
        "UpdateContainerResources",
        () => {
          const container = known(id, "UpdateContainerResources");
          container.resources = { ...container.resources, ...resources };
        },
        options,
      ),
    reopenContainerLog: (id, options) => call("ReopenContainerLog", () => runtime.reopenLog(id), options),

    execSync: (id, command, timeoutSeconds, options) => {
      const result = call("ExecSync", () => execSync(known(id, "ExecSync"), command, timeoutSeconds, time), options);
      const failed = () => {
        const container = runtime.containers.get(id);
        if (container !== undefined) container.hasFailedProbe = true;
      };
      return result.then(
        (done) => {
          if (done.exitCode !== 0) failed();
          return done;
        },
        (error: unknown) => {
          failed();
          throw error;
        },
      );
    },
    exec: (_request, options) => call("Exec", () => streamUrl("exec"), options),
    attach: (_request, options) => call("Attach", () => streamUrl("attach"), options),
    portForward: (_sandboxId, _ports, options) => call("PortForward", () => streamUrl("portforward"), options),

    containerStats: (id, options) =>
      call(
        "ContainerStats",
        () => {
          const container = runtime.containers.get(id);
          return container?.state === "running" ? statsOf(container, time) : undefined;
        },
        options,
      ),
    listContainerStats: (filter = {}, options) =>
      call(
        "ListContainerStats",
        () =>
          [...runtime.containers.values()]
            .filter((record) => record.state === "running" && listedContainer(record, filter, now()) !== undefined)
            .map((record) => statsOf(record, time)),
        options,
      ),
    updateRuntimeConfig: (_podCidr, options) => call("UpdateRuntimeConfig", () => undefined, options),
  };
}

function statusOf(networkProblem: string | undefined): RuntimeStatus {
  return {
    runtimeHandlers: [{ name: "", features: { recursiveReadOnlyMounts: true, userNamespaces: true } }],
    supplementalGroupsPolicy: true,
    conditions: [
      { type: "RuntimeReady", status: true, reason: "", message: "" },
      {
        type: "NetworkReady",
        status: networkProblem === undefined,
        reason: networkProblem === undefined ? "" : "NetworkPluginNotReady",
        message: networkProblem ?? "",
      },
    ],
  };
}

async function execSync(
  container: ContainerRecord,
  command: readonly string[],
  timeoutSeconds: number,
  time: VirtualTime,
): Promise<ExecSyncResult> {
  const program = programOf(command);
  if (container.state !== "running") throw failure("Unknown", "ExecSync", "container is in CONTAINER_EXITED state");
  if (program === undefined) throw failure("Unknown", "ExecSync", `exec: "${command[0] ?? ""}": no such file`);
  const { lifetimeMs = Number.POSITIVE_INFINITY, stdout, stderr } = program;
  const timeoutMs = timeoutSeconds > 0 ? timeoutSeconds * 1000 : TIMEOUT_MS;
  await time.wait(Math.min(lifetimeMs, timeoutMs));
  if (lifetimeMs > timeoutMs) throw failure("DeadlineExceeded", "ExecSync", "timeout exceeded");
  const line = (text: string | undefined) => new TextEncoder().encode(text === undefined ? "" : `${text}\n`);
  return { stdout: line(stdout), stderr: line(stderr), exitCode: exitCodeOf(program, container) };
}

function exitCodeOf({ probes, exitCode }: Program, { health }: ContainerRecord): number {
  if (probes === undefined) return exitCode;
  return (probes === "liveness" ? health.isLive : health.isReady) ? 0 : 1;
}

function statsOf(container: ContainerRecord, time: VirtualTime): CriContainerStats {
  const timestampMs = time.wallMs;
  return {
    id: container.id,
    metadata: container.config.metadata,
    labels: container.config.labels ?? {},
    cpu: { timestampMs, usageCoreNanoSeconds: 1_000_000 },
    memory: { timestampMs, workingSetBytes: 1_000_000, usageBytes: 1_000_000 },
    writableLayer: { timestampMs, mountpoint: SIM_IMAGES_DIR, ...container.layer },
  };
}
