/**
 * What the agent has been told to run, worked out beside it: the standard that its deeds are judged by. Keeps for every
 * pod when it was wanted and with which containers.
 */
import type { ConfigMap, Pod } from "../../core/api/types.ts";
import { containerHash } from "../../core/pod/hash.ts";
import {
  type DesiredObjects,
  type DesiredState,
  EMPTY_DESIRED_STATE,
  type FileState,
  mergeObjects,
  takeSnapshot,
  takeUnreadable,
} from "../../core/pods/desired-state.ts";
import type { ManifestSnapshot } from "../../ports/manifest-source.ts";
import type { SimManifests } from "../node/sim-manifests.ts";
import type { SimNode } from "../node/sim-node.ts";

/** A stretch of time in which one pod was wanted in one way; `hashes` absent: it was not wanted. */
interface Stretch {
  readonly fromMs: number;
  readonly hashes: ReadonlyMap<string, string> | undefined;
}

export class Desire {
  readonly #node: SimNode;
  #state: DesiredState = EMPTY_DESIRED_STATE;
  #objects: DesiredObjects = mergeObjects(EMPTY_DESIRED_STATE, undefined);
  readonly #hashes = new WeakMap<Pod, ReadonlyMap<string, string>>();
  readonly #histories = new Map<string, Stretch[]>();
  /** Sources that have spoken to the present agent. */
  #heard = new Set<SimManifests>();

  constructor(node: SimNode) {
    this.#node = node;
  }

  /**
   * A new agent: it knows what the last one knew until its sources speak. Where the last one could not write everything
   * down, that is what its records say.
   */
  newAgent(recordsAreBehind: boolean): void {
    this.#heard = new Set();
    if (!recordsAreBehind) return;
    const { records } = this.#node;
    const table = "lastGoodManifests";
    const files = Object.fromEntries(records.keys(table).map((key) => [key, records.get(table, key) as FileState]));
    this.#state = { ...this.#state, files };
    const holders = (records.get("manifestNames", "holders") ?? {}) as Readonly<Record<string, string>>;
    this.#objects = mergeObjects(this.#state, { holders: new Map(Object.entries(holders)) });
    this.#remember();
  }

  told(source: SimManifests, snapshot: ManifestSnapshot): void {
    const name = `${source.kind}:${source.location}`;
    if ("unreadable" in snapshot) {
      this.#state = takeUnreadable(this.#state, name, snapshot.unreadable);
      return;
    }
    this.#heard.add(source);
    const contents = snapshot.files.map((file) => this.#node.readManifest(file, source));
    this.#state = takeSnapshot(this.#state, name, contents);
    this.#objects = mergeObjects(this.#state, this.#objects);
    this.#remember();
  }

  /** Every source has told the present agent what it has. */
  get isComplete(): boolean {
    return this.#heard.size === this.#node.sources.length;
  }

  pods(): readonly Pod[] {
    return [...this.#objects.pods.values()].map(({ pod }) => pod);
  }

  pod(uid: string): Pod | undefined {
    return this.#objects.pods.get(uid)?.pod;
  }

  /** When the pod was wanted last, or the last change of how; `undefined`: it never was wanted. */
  lastChangeMs(uid: string): number | undefined {
    return this.#histories.get(uid)?.at(-1)?.fromMs;
  }

  /** When the pod came, this time; `undefined`: it is not wanted. */
  wantedSinceMs(uid: string): number | undefined {
    const history = this.#histories.get(uid) ?? [];
    const gone = history.findLastIndex(({ hashes }) => hashes === undefined);
    return history[gone + 1]?.fromMs;
  }

  configMap(namespace: string, name: string): ConfigMap | undefined {
    return this.#objects.configMaps.get(`${namespace}/${name}`);
  }

  /** How often the pod has come; one that goes and comes back under the same UID begins anew. */
  generation(uid: string): number {
    const history = this.#histories.get(uid) ?? [];
    return history.filter(({ hashes }, index) => hashes !== undefined && history[index - 1]?.hashes === undefined)
      .length;
  }

  /** Was there a moment from `sinceMs` until now in which this container, made from this spec, was not wanted? */
  wasUnwantedSince(uid: string, container: string, hash: string, sinceMs: number): boolean {
    const history = this.#histories.get(uid);
    if (history === undefined) return true;
    return history.some(({ hashes }, index) => {
      const untilMs = history[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
      return untilMs >= sinceMs && hashes?.get(container) !== hash;
    });
  }

  #remember(): void {
    const now = this.#node.time.monotonicMs;
    for (const [uid, { pod }] of this.#objects.pods) this.#note(uid, now, this.#hashesOf(pod));
    for (const uid of this.#histories.keys()) if (!this.#objects.pods.has(uid)) this.#note(uid, now, undefined);
  }

  #hashesOf(pod: Pod): ReadonlyMap<string, string> {
    const hashes = this.#hashes.get(pod) ?? hashesOf(pod);
    this.#hashes.set(pod, hashes);
    return hashes;
  }

  #note(uid: string, fromMs: number, hashes: Stretch["hashes"]): void {
    const history = this.#histories.get(uid) ?? [];
    this.#histories.set(uid, history);
    const last = history.at(-1);
    if (last !== undefined && sameHashes(last.hashes, hashes)) return;
    history.push({ fromMs, hashes });
  }
}

function hashesOf(pod: Pod): ReadonlyMap<string, string> {
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  return new Map([...initContainers, ...containers].map((container) => [container.name, containerHash(container)]));
}

function sameHashes(a: Stretch["hashes"], b: Stretch["hashes"]): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.size === b.size && [...a].every(([name, hash]) => b.get(name) === hash);
}
