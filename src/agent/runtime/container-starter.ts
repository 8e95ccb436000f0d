/**
 * Creates and starts one container: image, environment, mounts, runtime calls, events.
 * Source of the order, the events and the reasons: kubelet kuberuntime_container.go startContainer.
 */
import type { Container, Pod, ResourceList } from "../../core/api/types.ts";
import { type ContainerConfigResult, containerConfig } from "../../core/cri/container-config.ts";
import type { ContainerConfig, PodSandboxConfig } from "../../core/cri/types.ts";
import { containerLogLink, latestRestartCount, podLogDirectory } from "../../core/logs/log-paths.ts";
import { newestContainerStatus } from "../../core/pod/actions-restart.ts";
import { containerEnvironment, type EnvironmentVariable } from "../../core/pod/environment.ts";
import { type EnvironmentObjects, notFoundText } from "../../core/pod/environment-objects.ts";
import type { CriResourceOptions } from "../../core/pod/resources-cri.ts";
import type { RuntimePodStatus } from "../../core/pod/runtime-status.ts";
import type { StartError } from "../../core/pod/status-containers.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { LogFiles } from "../../ports/log-files.ts";
import type { RuntimeService } from "../../ports/runtime.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import type { ImageManager, ReadyImage } from "../images/image-manager.ts";
import type { ObjectLookup } from "../volumes/pod-volumes.ts";
import { containerField } from "./container-field.ts";
import type { ContainerMounts } from "./container-mounts.ts";
import { finishCall } from "./finish-call.ts";

export interface ContainerStarterPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: RuntimeService;
  readonly images: ImageManager;
  readonly mounts: ContainerMounts;
  readonly logFiles: LogFiles;
  readonly events: EventRecorder;
  readonly objects: ObjectLookup;
}

export interface ContainerStarterOptions {
  readonly logRoot: string;
  readonly logLinksRoot: string;
  readonly seccompProfileRoot: string;
  readonly seccompDefault: boolean;
  readonly memoryCapacityBytes: number;
  readonly clusterDomain: string;
  readonly hostIps: readonly string[];
  readonly allocatable: ResourceList;
  readonly resources: CriResourceOptions;
  readonly hugePageSizes: readonly string[];
  readonly oomKillsGroup?: boolean;
}

export interface StartContext {
  readonly pod: Pod;
  readonly container: Container;
  readonly observed: RuntimePodStatus;
  readonly volumePaths: ReadonlyMap<string, string>;
  readonly podIps: readonly string[];
}

export interface StartFailure extends StartError {
  readonly retryInMs?: number;
}

export class ContainerStarter {
  readonly #ports: ContainerStarterPorts;
  readonly #options: ContainerStarterOptions;

  constructor(ports: ContainerStarterPorts, options: ContainerStarterOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  /** `undefined`: it was started. A failure is told by an event already. */
  async start(
    context: StartContext,
    sandbox: { readonly id: string; readonly config: PodSandboxConfig },
    signal: AbortSignal,
  ): Promise<StartFailure | undefined> {
    const { pod, container } = context;
    const { name, image = "", imagePullPolicy: policy } = container;
    const need = { pod, container: name, image, policy, sandboxConfig: sandbox.config };
    return this.#ports.images.withImage(need, signal, (image) => this.#startWith(image, context, sandbox, signal));
  }

  async #startWith(
    image: ReadyImage,
    context: StartContext,
    sandbox: { readonly id: string; readonly config: PodSandboxConfig },
    signal: AbortSignal,
  ): Promise<StartFailure | undefined> {
    const { pod, container } = context;
    const config = await this.#config(context, image);
    if ("error" in config) {
      this.#failed(context, `Error: ${config.error}`);
      return { reason: "CreateContainerConfigError", message: config.error };
    }
    try {
      if (await this.#hasStartedAfterAll(context, signal)) return undefined;
    } catch (error) {
      signal.throwIfAborted();
      this.#failed(context, `Error: ${errorMessage(error)}`);
      return { reason: "CreateContainerError", message: errorMessage(error) };
    }
    return this.#createAndStart(pod, container, sandbox, config.config, signal);
  }

  /**
   * An instance that was made but not seen running: its start broke off, or is still on its way to the runtime (of this
   * agent or of one that died). It goes before another one is made, so that two never run side by side. `true`: it has
   * been started meanwhile. Differs: the kubelet leaves such instances to the garbage collection.
   */
  async #hasStartedAfterAll({ container, observed }: StartContext, signal: AbortSignal): Promise<boolean> {
    const { runtime } = this.#ports;
    for (const { id, name, state } of observed.containerStatuses) {
      if (name !== container.name || state !== "CONTAINER_CREATED") continue;
      const now = await runtime.containerStatus(id, { signal });
      if (now !== undefined && now.state !== "CONTAINER_CREATED") return true;
      await runtime.removeContainer(id, { signal });
    }
    return false;
  }

  async #createAndStart(
    pod: Pod,
    container: Container,
    sandbox: { readonly id: string; readonly config: PodSandboxConfig },
    config: ContainerConfig,
    signal: AbortSignal,
  ): Promise<StartFailure | undefined> {
    const { clock, runtime, events } = this.#ports;
    const field = containerField(pod, container.name);
    let id: string;
    try {
      id = await finishCall(clock, signal, (patient) =>
        runtime.createContainer(sandbox.id, config, sandbox.config, { signal: patient }),
      );
    } catch (error) {
      signal.throwIfAborted();
      const message = errorMessage(error);
      events.pod(pod, "Warning", "Failed", `Error: ${message}`, field);
      return { reason: "CreateContainerError", message };
    }
    events.pod(pod, "Normal", "Created", `Created container ${container.name}`, field);
    try {
      await finishCall(clock, signal, (patient) => runtime.startContainer(id, { signal: patient }));
    } catch (error) {
      signal.throwIfAborted();
      const message = errorMessage(error);
      events.pod(pod, "Warning", "Failed", `Error: ${message}`, field);
      return { reason: "RunContainerError", message };
    }
    events.pod(pod, "Normal", "Started", `Started container ${container.name}`, field);
    await this.#linkLog(pod, container, id, config);
    return undefined;
  }

  async #config(context: StartContext, image: ReadyImage): Promise<ContainerConfigResult> {
    const { pod, container, observed, podIps } = context;
    const attempt = await this.#restartCount(pod, observed, container.name);
    const environment = this.#environment(context);
    if ("error" in environment) return environment;
    const { variables } = environment;
    const mounts = await this.#ports.mounts
      .prepare({
        pod,
        container,
        attempt,
        podIps,
        volumePaths: context.volumePaths,
        environment: variables,
        clusterDomain: this.#options.clusterDomain,
      })
      .catch((error: unknown) => ({ error: errorMessage(error) }));
    if ("error" in mounts) return mounts;
    const { seccompDefault, seccompProfileRoot, memoryCapacityBytes, resources, hugePageSizes } = this.#options;
    const { oomKillsGroup = false } = this.#options;
    return containerConfig({
      pod,
      container,
      restartCount: attempt,
      imageRef: image.ref,
      image: image.user,
      environment: variables,
      mounts: mounts.mounts,
      memoryCapacityBytes,
      seccompDefault,
      seccompProfileRoot,
      hugePageSizes,
      oomKillsGroup,
      ...resources,
    });
  }

  /**
   * Instances of one container are counted from 0. A runtime that has forgotten them (a reboot) leaves their logs, which
   * must not be written over.
   */
  async #restartCount(pod: Pod, observed: RuntimePodStatus, container: string): Promise<number> {
    const newest = newestContainerStatus(observed, container);
    if (newest !== undefined) return newest.restartCount + 1;
    const { name = "", namespace = "default", uid = "" } = pod.metadata ?? {};
    const directory = `${podLogDirectory({ name, namespace, uid }, this.#options.logRoot)}/${container}`;
    return (latestRestartCount(await this.#ports.logFiles.listNames(directory)) ?? -1) + 1;
  }

  #environment(
    context: StartContext,
  ): { readonly variables: readonly EnvironmentVariable[] } | { readonly error: string } {
    const { pod, container, podIps } = context;
    const { hostIps, allocatable } = this.#options;
    const objects = this.#objectsOf(pod.metadata?.namespace ?? "default");
    const result = containerEnvironment({ pod, container, objects, services: [], podIps, hostIps, allocatable });
    for (const { type, reason, message } of result.events) this.#ports.events.pod(pod, type, reason, message);
    return "error" in result ? { error: result.error } : { variables: result.environment };
  }

  #objectsOf(namespace: string): EnvironmentObjects {
    const { objects } = this.#ports;
    const answer = <T>(object: T | undefined, kind: "configmap" | "secret", name: string) =>
      object === undefined ? { notFound: true, error: notFoundText(kind, name) } : { object };
    return {
      configMap: (name) => answer(objects.configMap(namespace, name), "configmap", name),
      secret: (name) => answer(objects.secret(namespace, name), "secret", name),
    };
  }

  async #linkLog(pod: Pod, container: Container, id: string, config: ContainerConfig): Promise<void> {
    const { name = "", namespace = "default", uid = "" } = pod.metadata ?? {};
    const identity = { name, namespace, uid };
    const target = `${podLogDirectory(identity, this.#options.logRoot)}/${config.logPath ?? ""}`;
    const link = containerLogLink(identity, container.name, id, this.#options.logLinksRoot);
    await this.#ports.logFiles
      .link(link, target)
      .catch((error: unknown) => this.#ports.log.warn("log not linked", { link, error: errorMessage(error) }));
  }

  #failed({ pod, container }: StartContext, message: string): void {
    this.#ports.events.pod(pod, "Warning", "Failed", message, containerField(pod, container.name));
  }
}
