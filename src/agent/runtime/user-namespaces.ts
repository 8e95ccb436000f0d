/**
 * Which ids of the machine each pod with users of its own has; kept over a restart of the agent, given back when the pod
 * is gone.
 */
import type { Pod } from "../../core/api/types.ts";
import type { UserNamespace } from "../../core/cri/types.ts";
import { freeIdRange, noUserNamespacesText, userNamespaceOf } from "../../core/pod/user-namespace.ts";
import type { RecordStore } from "../../ports/record-store.ts";
import type { RuntimeHealth } from "../node/runtime-health.ts";

export interface UserNamespacesPorts {
  readonly store: RecordStore;
  readonly health: Pick<RuntimeHealth, "status">;
}

/** Absent `userNamespace`: the pod's users are the machine's. */
export type UserNamespaceOutcome = { readonly userNamespace?: UserNamespace } | { readonly error: string };

/** First id and length by pod UID. */
const TABLE = "userNamespaces";

interface IdRange {
  readonly first: number;
  readonly length: number;
}

export class UserNamespaces {
  readonly #ports: UserNamespacesPorts;
  readonly #idsPerPod: number;
  readonly #ranges: Map<string, IdRange>;

  constructor(ports: UserNamespacesPorts, options: { readonly idsPerPod: number }) {
    this.#ports = ports;
    this.#idsPerPod = options.idsPerPod;
    this.#ranges = new Map(ports.store.list(TABLE).map(({ key, value }) => [key, value as IdRange]));
  }

  /** `handler`: the runtime's, as the pod's RuntimeClass names it; a pod that has its ids is not asked for it again. */
  forPod(pod: Pod, handler: string): UserNamespaceOutcome {
    if (pod.spec?.hostUsers !== false) return {};
    const uid = pod.metadata?.uid ?? "";
    const known = this.#ports.health.status?.runtimeHandlers.find(({ name }) => name === handler);
    if (!this.#ranges.has(uid) && known?.features?.userNamespaces !== true) {
      return { error: noUserNamespacesText(handler) };
    }
    const range = this.#rangeOf(uid);
    if (range === undefined) return { error: "could not find an empty slot to allocate a user namespace" };
    return { userNamespace: userNamespaceOf(range.first, range.length) };
  }

  forget(uid: string): void {
    if (this.#ranges.delete(uid)) this.#ports.store.delete(TABLE, uid);
  }

  /** A range that was given out with another length stays as it is: the pod's files have its ids. */
  #rangeOf(uid: string): IdRange | undefined {
    const known = this.#ranges.get(uid);
    if (known !== undefined) return known;
    const length = this.#idsPerPod;
    const first = freeIdRange(this.#taken(length), length);
    if (first === undefined) return undefined;
    const range = { first, length };
    this.#ports.store.put(TABLE, uid, range);
    this.#ranges.set(uid, range);
    return range;
  }

  /** Starts of ranges of `length` that touch one that is given out. */
  *#taken(length: number): Iterable<number> {
    for (const range of this.#ranges.values()) {
      const from = Math.floor(range.first / length) * length;
      for (let start = from; start < range.first + range.length; start += length) yield start;
    }
  }
}
