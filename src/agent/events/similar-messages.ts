import { combineSimilar, type SimilarEvents } from "../../core/events/similar-events.ts";

/** Kinds of which anything is remembered; the one that came last the longest ago is forgotten. */
const MAX_KINDS = 4_096;

/** What each kind of event has said of late, so that one whose words differ each time becomes one event. */
export class SimilarMessages {
  /** By kind, the one that came last at the end. */
  readonly #kinds = new Map<string, SimilarEvents>();

  /** The message to record in place of `message`. */
  toTell(kind: string, message: string, nowMs: number): string {
    const step = combineSimilar(this.#kinds.get(kind), { message, nowMs });
    this.#kinds.delete(kind);
    this.#kinds.set(kind, step.similar);
    const [oldest] = this.#kinds.keys();
    if (this.#kinds.size > MAX_KINDS && oldest !== undefined) this.#kinds.delete(oldest);
    return step.message;
  }
}
