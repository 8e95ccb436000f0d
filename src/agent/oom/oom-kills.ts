/** When the kernel killed in which container last: durable, as the runtime may never tell the reason of the end. */
import type { OomKillTimes } from "../../core/oom/oom-exits.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { RecordStore } from "../../ports/record-store.ts";

const TABLE = "oomKills";
/** Containers that are gone need none; a node has hardly that many that are left. */
const MOST = 500;

export class OomKills {
  readonly #ports: { readonly store: RecordStore; readonly log: Log };
  /** The latest kill last. */
  readonly #times: Map<string, number>;

  constructor(ports: { readonly store: RecordStore; readonly log: Log }) {
    this.#ports = ports;
    const stored = ports.store.list(TABLE).map(({ key, value }) => [key, Number(value)] as const);
    this.#times = new Map(stored.toSorted(([, a], [, b]) => a - b));
  }

  get times(): OomKillTimes {
    return this.#times;
  }

  note(containerId: string, atMs: number): void {
    const { store, log } = this.#ports;
    this.#times.delete(containerId);
    this.#times.set(containerId, atMs);
    const [oldest] = this.#times.keys();
    try {
      store.put(TABLE, containerId, atMs);
      if (this.#times.size <= MOST || oldest === undefined) return;
      this.#times.delete(oldest);
      store.delete(TABLE, oldest);
    } catch (error) {
      log.warn("out-of-memory kill not stored", { containerId, error: errorMessage(error) });
    }
  }
}
