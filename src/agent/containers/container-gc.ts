/** Removes dead containers, unused sandboxes and log directories of pods that are gone, by the kubelet's policy. */
import {
  type ContainerGcPolicy,
  evictContainers,
  evictLogDirectories,
  evictSandboxes,
  evictsDanglingLogLink,
  type GcInput,
  type PodRemoval,
} from "../../core/containers/garbage.ts";
import { CONTAINER_NAME_LABEL, isManagedByKubelet, POD_UID_LABEL } from "../../core/cri/labels.ts";
import type { CriContainer } from "../../core/cri/types.ts";
import { containerIdOfLogLink } from "../../core/logs/log-paths.ts";
import { withOrderedCreation } from "../../core/pleg/creation-order.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { LogFiles } from "../../ports/log-files.ts";
import type { RuntimeService } from "../../ports/runtime.ts";
import { ContainerRemover } from "./container-remover.ts";

export interface ContainerGcPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: RuntimeService;
  readonly logFiles: LogFiles;
}

export interface ContainerGcOptions {
  readonly policy: ContainerGcPolicy;
  /** Between two runs after the first (the kubelet: one minute). */
  readonly periodMs: number;
  readonly logLinksRoot: string;
  readonly pods: PodRemoval;
  readonly allSourcesReady: () => boolean;
}

/** What an earlier agent left goes soon; until then the sources have told their pods and the runtime was listed. */
const FIRST_RUN_MS = 10_000;

export class ContainerGc {
  readonly #ports: ContainerGcPorts;
  readonly #options: ContainerGcOptions;
  readonly #remover: ContainerRemover;
  #done: Promise<void> = Promise.resolve();

  constructor(ports: ContainerGcPorts, options: ContainerGcOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#remover = new ContainerRemover(ports, options);
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#done = this.#run(signal);
  }

  async stop(): Promise<void> {
    await this.#done;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#ports;
    let pauseMs = FIRST_RUN_MS;
    while (await clock.sleep(pauseMs, signal)) {
      pauseMs = this.#options.periodMs;
      await this.collect(false).catch((error: unknown) =>
        log.warn("container garbage not collected", { error: errorMessage(error) }),
      );
    }
  }

  /** One run. `evictNonDeletedPods`: ended pods that still exist lose their containers, too (disk pressure). */
  async collect(evictNonDeletedPods: boolean): Promise<void> {
    const input: GcInput = {
      nowMs: this.#ports.clock.now(),
      policy: this.#options.policy,
      allSourcesReady: this.#options.allSourcesReady(),
      evictNonDeletedPods,
      pods: this.#options.pods,
    };
    await this.#removeContainers(input);
    await this.#removeSandboxes(input);
    await this.#removeLogs(input);
  }

  async #removeContainers(input: GcInput): Promise<void> {
    const { runtime } = this.#ports;
    for (const removal of evictContainers((await this.#containers()).map(gcContainer), input)) {
      await this.#attempt("container not removed", removal.id, async () => {
        if (removal.stopFirst) await runtime.stopContainer(removal.id, UNKNOWN_GRACE_SECONDS);
        await this.#remover.remove(removal.id);
      });
    }
  }

  async #removeSandboxes(input: GcInput): Promise<void> {
    const { runtime } = this.#ports;
    const containers = (await this.#containers()).map(gcContainer);
    const managed = (await runtime.listPodSandbox()).filter(({ labels }) => isManagedByKubelet(labels));
    const sandboxes = withOrderedCreation(
      managed,
      ({ metadata }) => metadata.uid,
      ({ metadata }) => metadata.attempt,
    );
    const rows = sandboxes.map(({ id, labels, state, createdAtMs }) => ({
      id,
      podUid: labels[POD_UID_LABEL] ?? "",
      state,
      createdAtMs,
    }));
    for (const { id } of evictSandboxes(rows, containers, input)) {
      await this.#attempt("sandbox not removed", id, async () => {
        await runtime.stopPodSandbox(id);
        await runtime.removePodSandbox(id);
      });
    }
  }

  async #removeLogs(input: GcInput): Promise<void> {
    const { logFiles } = this.#ports;
    for (const name of evictLogDirectories(await logFiles.listPodDirectories(), input)) {
      await this.#attempt("log directory not removed", name, () => logFiles.removePodDirectory(name));
    }
    const states = new Map((await this.#containers()).map(({ id, state }) => [id, state]));
    await logFiles.removeDanglingLinks((link) => {
      const id = containerIdOfLogLink(link);
      return id !== undefined && !evictsDanglingLogLink(states.get(id) ?? "unknown");
    });
  }

  async #containers(): Promise<readonly CriContainer[]> {
    const managed = (await this.#ports.runtime.listContainers()).filter(({ labels }) => isManagedByKubelet(labels));
    return withOrderedCreation(
      managed,
      ({ labels, metadata }) => `${labels[POD_UID_LABEL]} ${metadata.name}`,
      ({ metadata }) => metadata.attempt,
    );
  }

  async #attempt(message: string, id: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#ports.log.warn(message, { id, error: errorMessage(error) });
    }
  }
}

/** For containers in unknown state: kubelet minimumGracePeriodInSeconds. */
const UNKNOWN_GRACE_SECONDS = 2;

function gcContainer(container: CriContainer) {
  return {
    id: container.id,
    podUid: container.labels[POD_UID_LABEL] ?? "",
    name: container.labels[CONTAINER_NAME_LABEL] ?? "",
    sandboxId: container.podSandboxId,
    state: container.state,
    createdAtMs: container.createdAtMs,
  };
}
