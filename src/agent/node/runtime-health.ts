/**
 * Watches the container runtime: version, conditions, and whether its lists answer. Drives the node's readiness; while
 * the runtime is down pods are left as they are.
 * Source of the messages: kubelet runtime.go runtimeErrors/networkErrors, nodestatus/setters.go ReadyCondition.
 */
import type { RuntimeCondition } from "../../core/cri/types.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { RuntimeService, RuntimeStatus, RuntimeVersion } from "../../ports/runtime.ts";

export interface RuntimeHealthPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: RuntimeService;
}

/** What the node's Ready condition says. */
export interface Readiness {
  readonly ready: boolean;
  readonly reason: "KubeletReady" | "KubeletNotReady";
  readonly message: string;
}

const CHECK_EVERY_MS = 5_000;
const CHECK_WHEN_DOWN_MS = 500;
const CHECK_TIMEOUT_MS = 5_000;

export class RuntimeHealth {
  readonly #ports: RuntimeHealthPorts;
  readonly #plegHealth: () => { readonly healthy: boolean; readonly message: string };
  #version: RuntimeVersion | undefined;
  #runtimeProblem: string | undefined = "container runtime is down";
  #networkProblem: string | undefined;
  #status: RuntimeStatus | undefined;
  #listener: (readiness: Readiness) => void = () => {};
  #done: Promise<void> = Promise.resolve();

  constructor(ports: RuntimeHealthPorts, plegHealth: () => { readonly healthy: boolean; readonly message: string }) {
    this.#ports = ports;
    this.#plegHealth = plegHealth;
  }

  /** `listener` hears each change of readiness. */
  onChange(listener: (readiness: Readiness) => void): void {
    this.#listener = listener;
  }

  /** Returns after the first look, so that whoever starts next knows whether the runtime is there. */
  async start(signal: AbortSignal): Promise<void> {
    await this.check();
    this.#done = this.#run(signal);
  }

  async stop(): Promise<void> {
    await this.#done;
  }

  get version(): RuntimeVersion | undefined {
    return this.#version;
  }

  /** What the runtime last said about itself; `undefined`: it has never answered. */
  get status(): RuntimeStatus | undefined {
    return this.#status;
  }

  /** The runtime answers and says that it is ready: pods may be synced. */
  get runtimeUp(): boolean {
    return this.#runtimeProblem === undefined;
  }

  /** The pod network is ready; pods on the host's network do not need it. */
  get networkProblem(): string | undefined {
    return this.#networkProblem;
  }

  /** The runtime's default handler can mount read-only with all that is mounted below. */
  get recursiveReadOnlyMounts(): boolean {
    const handlers = this.#status?.runtimeHandlers ?? [];
    return handlers.some(({ name, features }) => name === "" && features?.recursiveReadOnlyMounts === true);
  }

  readiness(): Readiness {
    const pleg = this.#plegHealth();
    const problems = [
      ...(this.#runtimeProblem === undefined ? [] : [this.#runtimeProblem]),
      ...(pleg.healthy || this.#runtimeProblem !== undefined ? [] : [`PLEG is not healthy: ${pleg.message}`]),
      ...(this.#networkProblem === undefined ? [] : [this.#networkProblem]),
    ];
    if (problems.length === 0)
      return { ready: true, reason: "KubeletReady", message: "kubelet is posting ready status" };
    const message = problems.length === 1 ? (problems[0] ?? "") : `[${problems.join(", ")}]`;
    return { ready: false, reason: "KubeletNotReady", message };
  }

  /** Asks the runtime now. */
  async check(): Promise<void> {
    const before = this.readiness();
    try {
      const options = { timeoutMs: CHECK_TIMEOUT_MS };
      this.#version ??= await this.#ports.runtime.version(options);
      const status = await this.#ports.runtime.status(options);
      const { conditions } = status;
      this.#status = status;
      this.#runtimeProblem = problemOf(conditions, "RuntimeReady", "container runtime not ready");
      this.#networkProblem = problemOf(conditions, "NetworkReady", "container runtime network not ready");
    } catch (error) {
      this.#version = undefined;
      this.#runtimeProblem = `container runtime is down: ${errorMessage(error)}`;
    }
    const after = this.readiness();
    if (before.ready === after.ready && before.message === after.message) return;
    this.#ports.log.info("readiness changed", { ready: after.ready, reason: after.message });
    this.#listener(after);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const pauseMs = () => (this.readiness().ready ? CHECK_EVERY_MS : CHECK_WHEN_DOWN_MS);
    while (await this.#ports.clock.sleep(pauseMs(), signal)) await this.check();
  }
}

function problemOf(conditions: readonly RuntimeCondition[], type: string, text: string): string | undefined {
  const condition = conditions.find((candidate) => candidate.type === type);
  if (condition?.status === true) return undefined;
  if (condition === undefined) return `${text}: runtime status has no condition ${type}`;
  return `${text}: ${type}=false reason:${condition.reason} message:${condition.message}`;
}
