/**
 * Containers whose probes find them well or not, at random; once faults stop nothing changes by itself any more. Judges
 * that whoever is not live is restarted, and that the status shows who is ready.
 */
import type { Container } from "../../core/api/types.ts";
import { podUidOf, type Scene } from "../invariants/invariant.ts";
import { Random } from "../random.ts";
import type { ContainerRecord } from "../runtime/records.ts";

const TICK_MS = 2_000;
/** Mean time between two changes of somebody's health. */
const CHANGE_MS = 20_000;
/** Initial delay, the threshold times the period, a grace period and a crowd of such pods. */
const LIMIT_MS = 150_000;
/** A worker that pulls the image of the pod's next container shows nothing meanwhile, as in the kubelet: the longest pull. */
const PULL_MS = 300_000;

interface Wrong {
  readonly rule: string;
  readonly text: string;
  readonly mayWaitForPull: boolean;
}

export class HealthStory {
  readonly #scene: Scene;
  readonly #random: Random;
  readonly #accuse: (invariant: string, message: string) => void;
  #calmSinceMs: number | undefined;

  constructor(scene: Scene, seed: number, accuse: (invariant: string, message: string) => void) {
    this.#scene = scene;
    this.#random = new Random(seed + 6_000_011);
    this.#accuse = accuse;
    scene.node.time.after(TICK_MS, () => this.#tick());
    this.#changeLater();
  }

  storm(): void {
    this.#calmSinceMs = undefined;
  }

  calm(): void {
    this.#calmSinceMs = this.#scene.node.time.monotonicMs;
  }

  /** What is not as the probes find it, but may still be within its time; empty: all is well. */
  unsettled(): readonly string[] {
    return this.#running().flatMap((container) => this.#wrongWith(container)?.text ?? []);
  }

  #changeLater(): void {
    this.#scene.node.time.after(this.#random.exponential(CHANGE_MS), () => {
      if (this.#calmSinceMs === undefined) this.#change();
      this.#changeLater();
    });
  }

  #change(): void {
    const container = this.#random.pickAny(this.#running());
    if (container === undefined) return;
    const { health } = container;
    const sinceMs = this.#scene.node.time.monotonicMs;
    container.health = this.#random.chance(0.3)
      ? { ...health, isLive: !health.isLive, sinceMs }
      : { ...health, isReady: !health.isReady, sinceMs };
  }

  #tick(): void {
    if (this.#calmSinceMs !== undefined) {
      for (const container of this.#running()) {
        const wrong = this.#wrongWith(container);
        const limitMs = LIMIT_MS + (wrong?.mayWaitForPull === true ? PULL_MS : 0);
        if (wrong !== undefined && this.#stoodMs(container) > limitMs) this.#accuse(wrong.rule, wrong.text);
      }
    }
    this.#scene.node.time.after(TICK_MS, () => this.#tick());
  }

  /** How long all that matters to the probes of the container has been as it is. */
  #stoodMs({ health, startedAtMonotonicMs }: ContainerRecord): number {
    const { node, agentStartedAtMs, clockJumpedAtMs } = this.#scene;
    const sinceMs = Math.max(
      health.sinceMs,
      startedAtMonotonicMs,
      agentStartedAtMs,
      clockJumpedAtMs,
      this.#calmSinceMs ?? Number.POSITIVE_INFINITY,
    );
    return node.time.monotonicMs - sinceMs;
  }

  #wrongWith(container: ContainerRecord): Wrong | undefined {
    const spec = this.#specOf(container);
    if (spec === undefined) return undefined;
    const { name, namespace, uid } = container.sandbox.config.metadata;
    const what = `${namespace}/${name}/${spec.name}`;
    const { isLive, isReady } = container.health;
    if (spec.livenessProbe !== undefined && !isLive) {
      const text = `${what} fails its liveness probe and runs`;
      return { rule: "who is not live is restarted", text, mayWaitForPull: false };
    }
    const expected = spec.readinessProbe === undefined || isReady;
    const pod = this.#scene.agent?.view.pods().find(({ metadata }) => metadata?.uid === uid);
    const statuses = pod?.status?.containerStatuses ?? [];
    const shown = statuses.find((status) => status.name === spec.name)?.ready;
    if (shown === expected) return undefined;
    const text = `${what} is shown as ready: ${shown}, it is: ${expected}`;
    const mayWaitForPull = statuses.some(({ state }) => state?.waiting !== undefined);
    return { rule: "the status shows who is ready", text, mayWaitForPull };
  }

  /** As wanted now; `undefined`: it is not wanted, or a ConfigMap of its pod is gone, and with it all work on the pod. */
  #specOf(container: ContainerRecord): Container | undefined {
    const { desire } = this.#scene;
    const { metadata, spec } = desire.pod(podUidOf(container)) ?? {};
    const isMissing = (spec?.volumes ?? []).some(
      ({ configMap }) => configMap !== undefined && !desire.configMap(metadata?.namespace ?? "", configMap.name ?? ""),
    );
    return isMissing ? undefined : spec?.containers.find(({ name }) => name === container.config.metadata.name);
  }

  #running(): readonly ContainerRecord[] {
    const { desire, node } = this.#scene;
    return [...node.runtime.containers.values()].filter(
      (container) =>
        container.state === "running" &&
        !container.isDying &&
        !container.lost &&
        container.sandbox.ready &&
        desire.pod(podUidOf(container)) !== undefined,
    );
  }
}
