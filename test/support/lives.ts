/**
 * When each container and sandbox of a node lived, from the runtime's own events, so that nothing that ran for a moment
 * is missed. Goes on while the agent is dead.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { CONTAINER_NAME_LABEL, POD_NAME_LABEL, POD_NAMESPACE_LABEL } from "../../src/core/cri/labels.ts";
import { createSystemClock } from "../../src/host/clock/system-clock.ts";
import type { CriClient } from "../../src/host/cri/cri-client.ts";
import { createRuntimeEventSource } from "../../src/host/cri/runtime-event-source.ts";

export interface Life {
  readonly id: string;
  /** "namespace/pod/container", "namespace/pod/" for a sandbox: what may live once at a time. */
  readonly role: string;
  readonly fromMs: number;
  /** Infinity: it still lives. */
  readonly toMs: number;
}

export class LifeRecorder {
  readonly #cri: CriClient;
  readonly #abort = new AbortController();
  readonly #starts = new Map<string, number>();
  readonly #ends = new Map<string, number>();
  readonly #roles = new Map<string, string>();
  readonly #unready = new Set<string>();
  readonly #lookups: Promise<void>[] = [];
  #running: Promise<void> = Promise.resolve();

  constructor(cri: CriClient) {
    this.#cri = cri;
  }

  /** Resolves when the event stream stands. */
  async start(): Promise<void> {
    const source = createRuntimeEventSource(this.#cri, createSystemClock());
    const { promise: connected, resolve } = Promise.withResolvers<void>();
    this.#running = source.run(
      resolve,
      ({ kind, containerId, timestampMs }) => {
        if (kind === "stopped") this.#ends.set(containerId, timestampMs);
        if (kind !== "started") return;
        this.#starts.set(containerId, timestampMs);
        this.#lookups.push(this.#lookUp(containerId));
      },
      this.#abort.signal,
    );
    await connected;
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running.catch(() => undefined);
    await Promise.all(this.#lookups);
  }

  /** All lives so far, by their beginning; sandboxes that were never ready are left out: they began for nobody. */
  lives(): readonly Life[] {
    const lives = [...this.#starts]
      .filter(([id]) => !this.#unready.has(id))
      .map(([id, fromMs]) => ({
        id,
        // One that was gone before anybody could ask shares its role with nobody.
        role: this.#roles.get(id) ?? id,
        fromMs,
        toMs: this.#ends.get(id) ?? Number.POSITIVE_INFINITY,
      }));
    return lives.sort((a, b) => a.fromMs - b.fromMs);
  }

  /** Pairs that lived in one role at the same time. */
  overlaps(): readonly string[] {
    return [...Map.groupBy(this.lives(), ({ role }) => role)].flatMap(([role, lives]) =>
      lives.flatMap((life, index) => {
        const before = lives.slice(0, index).filter(({ toMs }) => toMs > life.fromMs);
        return before.map(({ id, toMs }) => `${role}: ${life.id} began ${toMs - life.fromMs} ms before ${id} ended`);
      }),
    );
  }

  /** CRI knows a container or sandbox a moment after its process runs. */
  async #lookUp(id: string): Promise<void> {
    const { runtime } = this.#cri;
    const look = async () => (await runtime.containerStatus(id)) ?? (await runtime.podSandboxStatus(id));
    for (let tries = 0; tries < 50 && !this.#roles.has(id); tries += 1) {
      const status = await look().catch(() => undefined);
      if (status?.state === "SANDBOX_NOTREADY") this.#unready.add(id);
      const labels = status?.labels ?? {};
      const {
        [POD_NAMESPACE_LABEL]: namespace,
        [POD_NAME_LABEL]: name,
        [CONTAINER_NAME_LABEL]: container = "",
      } = labels;
      if (name !== undefined) this.#roles.set(id, `${namespace}/${name}/${container}`);
      else await sleep(50);
    }
  }
}
