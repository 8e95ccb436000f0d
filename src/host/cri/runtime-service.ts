import type { CallOptions, RuntimeService } from "../../ports/runtime.ts";
import { createServiceCall, DEFAULT_TIMEOUT_MS, orAbsent } from "./call.ts";
import type { GrpcChannel } from "./channel.ts";
import * as container from "./container-schema.ts";
import * as sandbox from "./sandbox-schema.ts";
import * as stats from "./stats-schema.ts";
import * as status from "./status-schema.ts";

const SERVICE = "runtime.v1.RuntimeService";

export interface RuntimeServiceOptions {
  /** Deadline of a call that names none; default 2 minutes. */
  readonly timeoutMs?: number;
}

/** RuntimeService of CRI v1 over `channel`. */
export function createRuntimeService(channel: GrpcChannel, options: RuntimeServiceOptions = {}): RuntimeService {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const call = createServiceCall(channel, SERVICE, timeoutMs);
  /** The runtime's own wait comes on top of the default deadline, as in the kubelet's remote runtime. */
  const withWait = (seconds: number, callOptions?: CallOptions): CallOptions => ({
    timeoutMs: timeoutMs + seconds * 1000,
    ...callOptions,
  });
  const { empty } = status;

  return {
    version: (callOptions) =>
      call("Version", status.versionRequest, { version: "v1" }, status.versionResponse, callOptions),
    status: (callOptions) => call("Status", empty, {}, status.statusResponse, callOptions),

    async runPodSandbox(config, runtimeHandler, callOptions) {
      // Twice the usual: setting up a sandbox may include the pull of its image (kubelet RunPodSandbox).
      const { id } = await call(
        "RunPodSandbox",
        sandbox.runPodSandboxRequest,
        { config, runtimeHandler },
        sandbox.idMessage,
        { timeoutMs: 2 * timeoutMs, ...callOptions },
      );
      return id;
    },
    async stopPodSandbox(id, callOptions) {
      await orAbsent(call("StopPodSandbox", sandbox.idMessage, { id }, empty, callOptions));
    },
    async removePodSandbox(id, callOptions) {
      await orAbsent(call("RemovePodSandbox", sandbox.idMessage, { id }, empty, callOptions));
    },
    async podSandboxStatus(id, callOptions) {
      const response = await orAbsent(
        call("PodSandboxStatus", sandbox.idMessage, { id }, sandbox.podSandboxStatusResponse, callOptions),
      );
      return response?.status;
    },
    async listPodSandbox(filter, callOptions) {
      const request = filter === undefined ? {} : { filter };
      const response = await call(
        "ListPodSandbox",
        sandbox.listPodSandboxRequest,
        request,
        sandbox.listPodSandboxResponse,
        callOptions,
      );
      return response.items;
    },

    async createContainer(podSandboxId, config, sandboxConfig, callOptions) {
      const { id } = await call(
        "CreateContainer",
        container.createContainerRequest,
        { podSandboxId, config, sandboxConfig },
        sandbox.idMessage,
        callOptions,
      );
      return id;
    },
    async startContainer(id, callOptions) {
      await call("StartContainer", sandbox.idMessage, { id }, empty, callOptions);
    },
    async stopContainer(id, graceSeconds, callOptions) {
      const timeoutSeconds = Math.max(0, Math.ceil(graceSeconds));
      await orAbsent(
        call(
          "StopContainer",
          container.stopContainerRequest,
          { id, timeoutSeconds },
          empty,
          withWait(timeoutSeconds, callOptions),
        ),
      );
    },
    async removeContainer(id, callOptions) {
      await orAbsent(call("RemoveContainer", sandbox.idMessage, { id }, empty, callOptions));
    },
    async listContainers(filter, callOptions) {
      const request = filter === undefined ? {} : { filter };
      const response = await call(
        "ListContainers",
        container.listContainersRequest,
        request,
        container.listContainersResponse,
        callOptions,
      );
      return response.containers;
    },
    async containerStatus(id, callOptions) {
      const response = await orAbsent(
        call("ContainerStatus", sandbox.idMessage, { id }, container.containerStatusResponse, callOptions),
      );
      return response?.status;
    },
    async updateContainerResources(id, linux, callOptions) {
      await call(
        "UpdateContainerResources",
        container.updateContainerResourcesRequest,
        { id, linux },
        empty,
        callOptions,
      );
    },
    async reopenContainerLog(id, callOptions) {
      await call("ReopenContainerLog", sandbox.idMessage, { id }, empty, callOptions);
    },

    execSync: (id, command, timeoutSeconds, callOptions) =>
      call(
        "ExecSync",
        container.execSyncRequest,
        { id, command, timeoutSeconds },
        container.execSyncResponse,
        withWait(timeoutSeconds, callOptions),
      ),
    async exec(request, callOptions) {
      return (await call("Exec", container.execRequest, request, container.urlResponse, callOptions)).url;
    },
    async attach(request, callOptions) {
      return (await call("Attach", container.attachRequest, request, container.urlResponse, callOptions)).url;
    },
    async portForward(id, ports, callOptions) {
      const request = { id, ports };
      return (await call("PortForward", container.portForwardRequest, request, container.urlResponse, callOptions)).url;
    },

    async containerStats(id, callOptions) {
      const response = await orAbsent(
        call("ContainerStats", sandbox.idMessage, { id }, stats.containerStatsResponse, callOptions),
      );
      return response?.stats && stats.toContainerStats(response.stats);
    },
    async listContainerStats(filter, callOptions) {
      const request = filter === undefined ? {} : { filter };
      const response = await call(
        "ListContainerStats",
        stats.listContainerStatsRequest,
        request,
        stats.listContainerStatsResponse,
        callOptions,
      );
      return response.stats.map(stats.toContainerStats);
    },
    async updateRuntimeConfig(podCidr, callOptions) {
      await call("UpdateRuntimeConfig", status.updateRuntimeConfigRequest, { podCidr }, empty, callOptions);
    },
  };
}
