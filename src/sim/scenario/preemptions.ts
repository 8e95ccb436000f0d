/** Which pods had to make room for a critical one, as the agents tell it: they come back as if they were new. */
import { PREEMPTED_REASON } from "../../core/admission/index.ts";
import type { PodStatus } from "../../core/api/types.ts";

export class Preemptions {
  readonly #out = new Set<string>();
  readonly #counts = new Map<string, number>();

  /** A status that an agent tells. */
  see(uid: string, { reason }: PodStatus): void {
    const isOut = reason === PREEMPTED_REASON;
    if (isOut && !this.#out.has(uid)) this.#counts.set(uid, this.count(uid) + 1);
    if (isOut) this.#out.add(uid);
    else this.#out.delete(uid);
  }

  isOut(uid: string): boolean {
    return this.#out.has(uid);
  }

  count(uid: string): number {
    return this.#counts.get(uid) ?? 0;
  }
}
