/**
 * The pods (and ConfigMaps, Secrets) that this node shall have, from all sources. Holds no truth about what runs.
 */
import type { ConfigMap, Pod, Secret } from "../../core/api/types.ts";
import {
  type DesiredObjects,
  type DesiredPod,
  type DesiredState,
  EMPTY_DESIRED_STATE,
  fileKey,
  type ManifestContent,
  type ManifestProblem,
  mergeObjects,
  takeSnapshot,
  takeUnreadable,
} from "../../core/pods/desired-state.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { ManifestFile, ManifestSnapshot, ManifestSource } from "../../ports/manifest-source.ts";
import type { RecordStore } from "../../ports/record-store.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import type { ObjectLookup } from "../volumes/pod-volumes.ts";

/** Text of one file -> its objects, defaulted and validated, with everything that is wrong with it. */
export type ReadManifest = (file: ManifestFile, source: ManifestSource) => ManifestContent;

export interface PodManagerPorts {
  readonly log: Log;
  readonly store: RecordStore;
  readonly events: EventRecorder;
  readonly sources: readonly ManifestSource[];
  readonly readManifest: ReadManifest;
}

/** What changed for the pods; `configChanged` names ConfigMaps and Secrets as "namespace/name". */
export interface PodsChange {
  readonly added: readonly DesiredPod[];
  readonly updated: readonly DesiredPod[];
  readonly removed: readonly DesiredPod[];
  readonly configChanged: ReadonlySet<string>;
}

/** Last usable content of each file and who holds which name, so that a restart while a file is broken loses no pod. */
const TABLE = "lastGoodManifests";

export class PodManager implements ObjectLookup {
  readonly #ports: PodManagerPorts;
  #state: DesiredState;
  #objects: DesiredObjects;
  /** Text by file, to pass over files that did not change. */
  readonly #texts = new Map<string, { readonly text: string | undefined; readonly content: ManifestContent }>();
  #listener: (change: PodsChange) => void = () => {};
  #done: Promise<unknown> = Promise.resolve();

  constructor(ports: PodManagerPorts) {
    this.#ports = ports;
    const stored = ports.store.get(TABLE, "files");
    const files = (stored ?? {}) as DesiredState["files"];
    const known = new Set(ports.sources.map(sourceName));
    const kept = Object.entries(files).filter(([, file]) => known.has(file.source));
    this.#state = { ...EMPTY_DESIRED_STATE, files: Object.fromEntries(kept) };
    const holders = new Map(Object.entries((ports.store.get(TABLE, "holders") ?? {}) as Record<string, string>));
    this.#objects = mergeObjects(this.#state, { holders });
  }

  onChange(listener: (change: PodsChange) => void): void {
    this.#listener = listener;
  }

  async start(signal: AbortSignal): Promise<void> {
    const runs = this.#ports.sources.map((source) => source.run((snapshot) => this.#take(source, snapshot), signal));
    this.#done = Promise.allSettled(runs);
  }

  async stop(): Promise<void> {
    await this.#done;
  }

  /** Every source has told its pods at least once: what is not wanted now is not wanted. */
  get allSourcesReady(): boolean {
    return this.#ports.sources.every((source) => this.#state.readySources.includes(sourceName(source)));
  }

  pods(): readonly DesiredPod[] {
    return [...this.#objects.pods.values()];
  }

  pod(uid: string): Pod | undefined {
    return this.#objects.pods.get(uid)?.pod;
  }

  configMap(namespace: string, name: string): ConfigMap | undefined {
    return this.#objects.configMaps.get(`${namespace}/${name}`);
  }

  secret(namespace: string, name: string): Secret | undefined {
    return this.#objects.secrets.get(`${namespace}/${name}`);
  }

  /** Ordered by namespace and name, with their namespace filled in. */
  configMaps(): readonly ConfigMap[] {
    return inNamespaces(this.#objects.configMaps);
  }

  secrets(): readonly Secret[] {
    return inNamespaces(this.#objects.secrets);
  }

  /** Everything that is wrong with manifests now. */
  problems(): readonly ManifestProblem[] {
    const files = Object.values(this.#state.files).flatMap((file) => file.problems);
    const sources = Object.entries(this.#state.unreadable).map(([path, message]) => ({ path, message }));
    return [...sources, ...files, ...this.#objects.conflicts];
  }

  #take(source: ManifestSource, snapshot: ManifestSnapshot): void {
    const name = sourceName(source);
    const problemsBefore = new Set(this.problems().map(problemText));
    if ("unreadable" in snapshot) {
      this.#state = takeUnreadable(this.#state, name, snapshot.unreadable);
    } else {
      const contents = snapshot.files.map((file) => this.#read(source, file));
      this.#forgetTexts(name, new Set(snapshot.files.map(({ path }) => fileKey(name, path))));
      this.#state = takeSnapshot(this.#state, name, contents);
    }
    const before = this.#objects;
    this.#objects = mergeObjects(this.#state, before);
    this.#remember();
    this.#reportNewProblems(problemsBefore);
    this.#listener(changeBetween(before, this.#objects));
  }

  #read(source: ManifestSource, file: ManifestFile): ManifestContent {
    const key = fileKey(sourceName(source), file.path);
    const known = this.#texts.get(key);
    if (known !== undefined && known.text === file.text && file.text !== undefined) return known.content;
    const content = this.#ports.readManifest(file, source);
    this.#texts.set(key, { text: file.text, content });
    return content;
  }

  #forgetTexts(source: string, present: ReadonlySet<string>): void {
    for (const key of this.#texts.keys()) {
      if (key.startsWith(fileKey(source, "")) && !present.has(key)) this.#texts.delete(key);
    }
  }

  #remember(): void {
    try {
      this.#ports.store.put(TABLE, "files", this.#state.files);
      this.#ports.store.put(TABLE, "holders", Object.fromEntries(this.#objects.holders));
    } catch (error) {
      this.#ports.log.error("manifests not stored", { error: errorMessage(error) });
    }
  }

  #reportNewProblems(before: ReadonlySet<string>): void {
    for (const problem of this.problems()) {
      const text = problemText(problem);
      if (before.has(text)) continue;
      this.#ports.log.error("manifest problem", { problem: text });
      this.#ports.events.node("Warning", "FailedManifest", text);
    }
  }
}

export function sourceName(source: ManifestSource): string {
  return `${source.kind}:${source.location}`;
}

/** "FILE, document 2, line 7: spec.containers[0].image: ..." */
export function problemText({ path, document, line, field, message }: ManifestProblem): string {
  const place = [
    path,
    ...(document === undefined ? [] : [`document ${document + 1}`]),
    ...(line === undefined ? [] : [`line ${line}`]),
  ];
  const text = field === undefined || message.startsWith(field) ? message : `${field}: ${message}`;
  return `${place.join(", ")}: ${text}`;
}

function inNamespaces<T extends ConfigMap | Secret>(objects: ReadonlyMap<string, T>): readonly T[] {
  const sorted = [...objects].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([key, object]) => {
    const namespace = key.slice(0, key.indexOf("/"));
    return { ...object, metadata: { ...object.metadata, namespace } };
  });
}

function changeBetween(before: DesiredObjects, after: DesiredObjects): PodsChange {
  const added = [...after.pods.values()].filter(({ pod }) => !before.pods.has(pod.metadata?.uid ?? ""));
  const removed = [...before.pods.values()].filter(({ pod }) => !after.pods.has(pod.metadata?.uid ?? ""));
  const updated = [...after.pods].flatMap(([uid, desired]) => {
    const old = before.pods.get(uid);
    return old !== undefined && JSON.stringify(old.pod) !== JSON.stringify(desired.pod) ? [desired] : [];
  });
  const configChanged = new Set([
    ...changedNames(before.configMaps, after.configMaps),
    ...changedNames(before.secrets, after.secrets),
  ]);
  return { added, updated, removed, configChanged };
}

function changedNames(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => JSON.stringify(before.get(name)) !== JSON.stringify(after.get(name)));
}
