/**
 * Creates and starts one container: image, environment, mounts, runtime calls, events.
 * Source of the order, the events and the reasons: kubelet kuberuntime_container.go startContainer.
 */
import type { Container, Pod, ResourceList } from "../../core/api/types.ts";
import { type ContainerConfigResult, containerConfig } from "../../core/cri/container-config.ts";
import type { ContainerConfig, PodSandboxConfig } from "../../core/cri/types.ts";
import { type VolumeImage, volumeImages } from "../../core/images/image-volume.ts";
import { containerLogLink, latestRestartCount, podLogDirectory } from "../../core/logs/log-paths.ts";
import { newestContainerStatus } from "../../core/pod/actions-restart.ts";
import { containerEnvironment, type EnvironmentVariable } from "../../core/pod/environment.ts";
import { type EnvironmentObjects, notFoundText } from "../../core/pod/environment-objects.ts";
import type { CriResourceOptions } from "../../core/pod/resources-cri.ts";
import type { RuntimePodStatus } from "../../core/pod/runtime-status.ts";
import type { StartError } from "../../core/pod/status-containers.ts";
import type { MountedVolume } from "../../core/volume/state.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { LogFiles } from "../../ports/log-files.ts";
import type { RuntimeService } from "../../ports/runtime.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import type { ImageManager, ImageNeed, ReadyImage } from "../images/image-manager.ts";
import type { HookRunner } from "../lifecycle/hook-runner.ts";
import type { StartTurns } from "../turns/start-turns.ts";
import type { ObjectLookup } from "../volumes/object-lookup.ts";
import { containerField } from "./container-field.ts";
import type { ContainerMounts } from "./container-mounts.ts";
import { finishCall } from "./finish-call.ts";
import type { PodKiller } from "./pod-killer.ts";

export interface ContainerStarterPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: RuntimeService;
  readonly images: ImageManager;
  readonly mounts: ContainerMounts;
  readonly logFiles: LogFiles;
  readonly events: EventRecorder;
  readonly objects: ObjectLookup;
  readonly turns: StartTurns;
  readonly hooks: Pick<HookRunner, "run">;
  readonly killer: Pick<PodKiller, "killContainer">;
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
  /** By name. */
  readonly volumes: ReadonlyMap<string, MountedVolume>;
  readonly podIps: readonly string[];
}

interface ImagesReady extends StartContext {
  /** Volume -> the runtime's reference of its image. */
  readonly volumeImages: ReadonlyMap<string, string>;
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
    return this.#ports.images.withImage(need, signal, (image) =>
      this.#withVolumeImages(need, volumeImages(pod, container), new Map(), signal, (images) =>
        this.#startWith(image, { ...context, volumeImages: images }, sandbox, signal),
      ),
    );
  }

  /** Images of volumes are made available like that of the container, one after the other, and stay until it is made. */
  async #withVolumeImages(
    need: ImageNeed,
    [next, ...rest]: readonly VolumeImage[],
    ready: ReadonlyMap<string, string>,
    signal: AbortSignal,
    use: (images: ReadonlyMap<string, string>) => Promise<StartFailure | undefined>,
  ): Promise<StartFailure | undefined> {
    if (next === undefined) return use(ready);
    const { name, reference: image, policy } = next;
    return this.#ports.images.withImage({ ...need, image, policy }, signal, ({ ref }) =>
      this.#withVolumeImages(need, rest, new Map([...ready, [name, ref]]), signal, use),
    );
  }

  async #startWith(
    image: ReadyImage,
    context: ImagesReady,
    sandbox: { readonly id: string; readonly config: PodSandboxConfig },
    signal: AbortSignal,
  ): Promise<StartFailure | undefined> {
    const { pod, container } = context;
    const config = await this.#config(context, image, sandbox.config);
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
    const make = () => this.#createAndStart(pod, container, sandbox, config.config, signal);
    const started = await this.#ports.turns.container(pod, make, signal);
    return "id" in started ? this.#afterStart(context, started.id, signal) : started;
  }

  /** A container has not started for anybody before its postStart hook has succeeded. */
  async #afterStart(context: StartContext, id: string, signal: AbortSignal): Promise<StartFailure | undefined> {
    const { pod, container, podIps } = context;
    const postStart = container.lifecycle?.postStart;
    if (postStart === undefined) return undefined;
    const { events, hooks, killer, log } = this.#ports;
    const message = await hooks.run(postStart, { pod, container, containerId: id, podIps }, signal);
    if (message === undefined) return undefined;
    log.debug("postStart hook failed", { id, name: container.name, error: message });
    // What it printed may be secret: so the event does not tell it.
    const field = containerField(pod, container.name);
    events.pod(pod, "Warning", "FailedPostStartHook", "PostStartHook failed", field);
    const reason = "FailedPostStartHook";
    const kill = { containerId: id, containerName: container.name, reason, message: reason, podIps } as const;
    await killer.killContainer(pod, kill, undefined, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      log.warn("container not stopped after its hook failed", { id, error: errorMessage(error) });
    });
    return { reason: "PostStartHookError", message };
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
  ): Promise<StartFailure | { readonly id: string }> {
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
    return { id };
  }

  async #config(
    context: ImagesReady,
    image: ReadyImage,
    sandboxConfig: PodSandboxConfig,
  ): Promise<ContainerConfigResult> {
    const { pod, container, observed, podIps } = context;
    const attempt = await this.#restartCount(pod, observed, container.name);
    const environment = this.#environment(context);
    if ("error" in environment) return environment;
    const target = targetOf(context);
    if ("error" in target) return target;
    const { variables } = environment;
    const mounts = await this.#ports.mounts
      .prepare({
        pod,
        container,
        attempt,
        podIps,
        volumes: context.volumes,
        volumeImages: context.volumeImages,
        environment: variables,
        clusterDomain: this.#options.clusterDomain,
      })
      .catch((error: unknown) => ({ error: errorMessage(error) }));
    if ("error" in mounts) return mounts;
    const { seccompDefault, seccompProfileRoot, memoryCapacityBytes, resources, hugePageSizes } = this.#options;
    const { oomKillsGroup = false } = this.#options;
    const userNamespace = sandboxConfig.linux?.securityContext?.namespaceOptions?.usernsOptions;
    return containerConfig({
      pod,
      container,
      restartCount: attempt,
      imageRef: image.ref,
      image: image.user,
      environment: variables,
      mounts: mounts.mounts,
      ...target,
      devices: mounts.devices,
      memoryCapacityBytes,
      seccompDefault,
      seccompProfileRoot,
      hugePageSizes,
      oomKillsGroup,
      ...(userNamespace !== undefined && { userNamespace }),
      ...resources,
    });
  }

  /**
   * Instances of one container are counted from 0. Who forgot or removed the newest (a runtime after a reboot, an agent that
   * died while it put a pod away) leaves its log, which must not be written over. Differs: the kubelet looks at the logs
   * only where no instance is left.
   */
  async #restartCount(pod: Pod, observed: RuntimePodStatus, container: string): Promise<number> {
    const { name = "", namespace = "default", uid = "" } = pod.metadata ?? {};
    const directory = `${podLogDirectory({ name, namespace, uid }, this.#options.logRoot)}/${container}`;
    const newest = newestContainerStatus(observed, container)?.restartCount;
    const names = await this.#ports.logFiles.listNames(directory).catch((error: unknown) => {
      if (newest === undefined) throw error;
      return [];
    });
    return Math.max(newest ?? -1, latestRestartCount(names) ?? -1) + 1;
  }

  #environment(
    context: StartContext,
  ): { readonly variables: readonly EnvironmentVariable[] } | { readonly error: string } {
    const { pod, container } = context;
    const { hostIps, allocatable } = this.#options;
    const podIps = pod.spec?.hostNetwork === true ? hostIps : context.podIps;
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

/** Whose process namespace an ephemeral container joins. */
function targetOf({
  container,
  observed,
}: StartContext): { readonly targetContainerId?: string } | { readonly error: string } {
  const name = "targetContainerName" in container ? container.targetContainerName : undefined;
  if (typeof name !== "string" || name === "") return {};
  const target = newestContainerStatus(observed, name);
  return target === undefined ? { error: `unable to find target container ${name}` } : { targetContainerId: target.id };
}
