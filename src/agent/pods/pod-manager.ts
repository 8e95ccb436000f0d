/**
 * The pods (and ConfigMaps, Secrets, objects of storage) that this node shall have, from all sources. Holds no truth about what runs.
 */
import type { RuntimeClass } from "../../core/api/runtime-class.ts";
import type { ConfigMap, Pod, Secret } from "../../core/api/types.ts";
import {
  type DesiredObjects,
  type DesiredPod,
  type DesiredState,
  EMPTY_DESIRED_STATE,
  type FileState,
  fileKey,
  type ManifestContent,
  type ManifestProblem,
  mergeObjects,
  takeSnapshot,
  takeUnreadable,
} from "../../core/pods/desired-state.ts";
import type { StorageObjects } from "../../core/volume/storage-object.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { ManifestFile, ManifestSnapshot, ManifestSource } from "../../ports/manifest-source.ts";
import type { RecordStore } from "../../ports/record-store.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import type { ObjectLookup } from "../volumes/object-lookup.ts";

/** Text of one file -> its objects, defaulted and validated, with everything that is wrong with it. */
export type ReadManifest = (file: ManifestFile, source: ManifestSource) => ManifestContent;

export interface PodManagerPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: RecordStore;
  readonly events: EventRecorder;
  readonly sources: readonly ManifestSource[];
  readonly readManifest: ReadManifest;
}

/** What changed for the pods; `configChanged` names ConfigMaps, Secrets and RuntimeClasses as `objectKey` does. */
export interface PodsChange {
  readonly added: readonly DesiredPod[];
  readonly updated: readonly DesiredPod[];
  readonly removed: readonly DesiredPod[];
  readonly configChanged: ReadonlySet<string>;
  /** Whether a claim, volume, class or driver came, went or changed. */
  readonly storageChanged: boolean;
}

/** Last usable content of each file, so that a restart while a file is broken loses no pod. */
const FILES_TABLE = "lastGoodManifests";
/** Which file each name belongs to. */
const HOLDERS_TABLE = "manifestNames";
const HOLDERS_KEY = "holders";
/** Problems of one snapshot that are told as events of their own. */
const MAX_TOLD = 20;
/** Before a source that failed is run again. */
const SOURCE_RETRY_MS = 5_000;

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
    const files = ports.store.list(FILES_TABLE).map(({ key, value }) => [key, value as FileState] as const);
    const known = new Set(ports.sources.map(sourceName));
    this.#state = {
      ...EMPTY_DESIRED_STATE,
      files: Object.fromEntries(files.filter(([, file]) => known.has(file.source))),
    };
    const holders = ports.store.get(HOLDERS_TABLE, HOLDERS_KEY) as Readonly<Record<string, string>> | undefined;
    this.#objects = mergeObjects(this.#state, { holders: new Map(Object.entries(holders ?? {})) });
  }

  onChange(listener: (change: PodsChange) => void): void {
    this.#listener = listener;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#done = Promise.all(this.#ports.sources.map((source) => this.#run(source, signal)));
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

  get storage(): StorageObjects {
    return this.#objects.storage;
  }

  runtimeClass(name: string): RuntimeClass | undefined {
    return this.#objects.runtimeClasses.get(name);
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

  async #run(source: ManifestSource, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#ports;
    while (!signal.aborted) {
      try {
        await source.run((snapshot) => this.#take(source, snapshot), signal);
      } catch (error) {
        log.error("manifest source failed", { source: sourceName(source), error: errorMessage(error) });
      }
      await clock.sleep(SOURCE_RETRY_MS, signal);
    }
  }

  #take(source: ManifestSource, snapshot: ManifestSnapshot): void {
    const name = sourceName(source);
    const filesBefore = this.#state.files;
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
    this.#remember(filesBefore, before);
    this.#reportNewProblems(problemsBefore);
    this.#listener(changeBetween(before, this.#objects));
  }

  #read(source: ManifestSource, file: ManifestFile): ManifestContent {
    const key = fileKey(sourceName(source), file.path);
    const known = this.#texts.get(key);
    if (known !== undefined && known.text === file.text && file.text !== undefined) return known.content;
    const content = this.#readAnew(source, file);
    this.#texts.set(key, { text: file.text, content });
    return content;
  }

  /** A reader that fails is no reason to look at no file any more. */
  #readAnew(source: ManifestSource, file: ManifestFile): ManifestContent {
    const { path } = file;
    try {
      return this.#ports.readManifest(file, source);
    } catch (error) {
      const message = `cannot be read: ${errorMessage(error)}`;
      return { path, objects: [], problems: [{ path, message }], unusable: true };
    }
  }

  #forgetTexts(source: string, present: ReadonlySet<string>): void {
    for (const key of this.#texts.keys()) {
      if (key.startsWith(fileKey(source, "")) && !present.has(key)) this.#texts.delete(key);
    }
  }

  /** Writes what changed: with many files, one file at a time is edited. */
  #remember(filesBefore: DesiredState["files"], objectsBefore: DesiredObjects): void {
    const { store, log } = this.#ports;
    const { files } = this.#state;
    try {
      for (const [key, file] of Object.entries(files)) {
        if (!sameFile(filesBefore[key], file)) store.put(FILES_TABLE, key, file);
      }
      for (const key of Object.keys(filesBefore)) if (!Object.hasOwn(files, key)) store.delete(FILES_TABLE, key);
      const holders = JSON.stringify([...this.#objects.holders]);
      if (holders !== JSON.stringify([...objectsBefore.holders])) {
        store.put(HOLDERS_TABLE, HOLDERS_KEY, Object.fromEntries(this.#objects.holders));
      }
    } catch (error) {
      log.error("manifests not stored", { error: errorMessage(error) });
    }
  }

  #reportNewProblems(before: ReadonlySet<string>): void {
    const { log, events } = this.#ports;
    const fresh = this.problems()
      .map(problemText)
      .filter((text) => !before.has(text));
    const told = fresh.slice(0, MAX_TOLD);
    const more = fresh.length - told.length;
    if (more > 0) told.push(`${more} more problems with manifests`);
    for (const text of told) {
      log.error("manifest problem", { problem: text });
      events.node("Warning", "FailedManifest", text);
    }
  }
}

function sameFile(before: FileState | undefined, now: FileState): boolean {
  return before?.objects === now.objects && before.problems === now.problems;
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
    return old !== undefined && old.pod !== desired.pod && JSON.stringify(old.pod) !== JSON.stringify(desired.pod)
      ? [desired]
      : [];
  });
  const configChanged = new Set([
    ...changedNames(before.configMaps, after.configMaps).map((name) => `configMap/${name}`),
    ...changedNames(before.secrets, after.secrets).map((name) => `secret/${name}`),
    ...changedNames(before.runtimeClasses, after.runtimeClasses).map((name) => `runtimeClass/${name}`),
  ]);
  const storageChanged =
    changedNames(before.storage.volumes, after.storage.volumes).length > 0 ||
    changedNames(before.storage.claims, after.storage.claims).length > 0 ||
    changedNames(before.storage.classes, after.storage.classes).length > 0 ||
    changedNames(before.storage.drivers, after.storage.drivers).length > 0;
  return { added, updated, removed, configChanged, storageChanged };
}

function changedNames(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  const changed = [...names].filter((name) => before.get(name) !== after.get(name));
  return changed.filter((name) => JSON.stringify(before.get(name)) !== JSON.stringify(after.get(name)));
}
