/**
 * Which objects this node shall have, merged from all manifest files. A file that broke keeps what it said last; of two
 * files that claim one name the one that had it keeps it, else the first by path. Nothing is lost by a bad edit.
 */
import type { RuntimeClass } from "../api/runtime-class.ts";
import type { ConfigMap, Pod, Secret } from "../api/types.ts";
import {
  CLUSTER_KINDS,
  groupStorageObjects,
  type StorageObject,
  type StorageObjects,
} from "../volume/storage-object.ts";
import { keepImmutable } from "./immutable-objects.ts";
import { withRuntimeClass } from "./with-runtime-class.ts";

export type ManifestObject =
  | { readonly kind: "Pod"; readonly object: Pod }
  | { readonly kind: "ConfigMap"; readonly object: ConfigMap }
  | { readonly kind: "Secret"; readonly object: Secret }
  | { readonly kind: "RuntimeClass"; readonly object: RuntimeClass }
  | StorageObject;

/** One thing that is wrong with a file. `document` counts from 0, `line` from 1; absent: the file as a whole. */
export interface ManifestProblem {
  readonly path: string;
  readonly document?: number;
  readonly line?: number;
  readonly field?: string;
  readonly message: string;
  /** "Kind namespace/name" where the document got that far. */
  readonly subject?: string;
}

/** What one file says now. With problems, `objects` holds the documents that are good. */
export interface ManifestContent {
  readonly path: string;
  readonly objects: readonly ManifestObject[];
  readonly problems: readonly ManifestProblem[];
  /** true: the text could not even be split into documents, so `objects` says nothing. */
  readonly unusable: boolean;
}

export interface DesiredState {
  /** Last usable objects of each file, by source and path. */
  readonly files: Readonly<Record<string, FileState>>;
  /** Sources that reported at least once. */
  readonly readySources: readonly string[];
  /** Source -> why it cannot be read. */
  readonly unreadable: Readonly<Record<string, string>>;
}

export interface FileState {
  readonly source: string;
  readonly path: string;
  readonly objects: readonly ManifestObject[];
  readonly problems: readonly ManifestProblem[];
}

export interface DesiredObjects {
  /** By UID. */
  readonly pods: ReadonlyMap<string, DesiredPod>;
  /** By "namespace/name". */
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly storage: StorageObjects;
  /** By name. */
  readonly runtimeClasses: ReadonlyMap<string, RuntimeClass>;
  /** Which file each name belongs to: `objectKey` -> `fileKey`. */
  readonly holders: ReadonlyMap<string, string>;
  readonly conflicts: readonly ManifestProblem[];
}

export interface DesiredPod {
  readonly pod: Pod;
  readonly source: string;
  readonly path: string;
}

export const EMPTY_DESIRED_STATE: DesiredState = { files: {}, readySources: [], unreadable: {} };

/** Takes what a source says now. Files that are gone are gone; an unusable file keeps its last objects. */
export function takeSnapshot(state: DesiredState, source: string, contents: readonly ManifestContent[]): DesiredState {
  const others = Object.entries(state.files).filter(([, file]) => file.source !== source);
  const now = contents.map((content): [string, FileState] => {
    const key = fileKey(source, content.path);
    const before = state.files[key];
    const { objects, problems } = keepImmutable(before?.objects ?? [], content);
    return [
      key,
      { source, path: content.path, objects: keptObjects(before, { ...content, objects, problems }), problems },
    ];
  });
  const { [source]: _, ...unreadable } = state.unreadable;
  const readySources = state.readySources.includes(source) ? state.readySources : [...state.readySources, source];
  return { files: Object.fromEntries([...others, ...now]), readySources, unreadable };
}

/** The source as a whole cannot be read: everything it said stays, and it does not count as ready by this. */
export function takeUnreadable(state: DesiredState, source: string, message: string): DesiredState {
  return { ...state, unreadable: { ...state.unreadable, [source]: message } };
}

export function fileKey(source: string, path: string): string {
  return `${source}:${path}`;
}

/** Good documents are taken; an object that the file named before and that is broken now stays as it was. */
function keptObjects(before: FileState | undefined, content: ManifestContent): readonly ManifestObject[] {
  if (content.problems.length === 0) return content.objects;
  if (content.unusable) return before?.objects ?? [];
  const good = new Set(content.objects.map(objectKey));
  const broken = new Set(content.problems.flatMap((problem) => problem.subject ?? []));
  const anyUnnamed = content.problems.some((problem) => problem.subject === undefined);
  const kept = (before?.objects ?? []).filter((object) => {
    const key = objectKey(object);
    return !good.has(key) && (anyUnnamed || broken.has(key));
  });
  return [...content.objects, ...kept];
}

/** "Pod default/web", "RuntimeClass gvisor": how an object is named in conflicts and problems. */
export function objectKey({ kind, object }: ManifestObject): string {
  return objectName(kind, object.metadata?.namespace, object.metadata?.name ?? "");
}

/** As `objectKey`, of an object's parts. */
export function objectName(kind: string, namespace: string | undefined, name: string): string {
  const isNodes = kind === "RuntimeClass" || CLUSTER_KINDS.has(kind);
  return isNodes ? `${kind} ${name}` : `${kind} ${namespace || "default"}/${name}`;
}

/**
 * The merged objects. `before` decides who keeps a contested name, over restarts too when its holders are kept; files
 * are taken in the order of source, then path.
 */
export function mergeObjects(state: DesiredState, before: Pick<DesiredObjects, "holders"> | undefined): DesiredObjects {
  const claims = Object.entries(state.files)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, file]) => file.objects.map((object) => ({ key, file, object, name: objectKey(object) })));
  const holders = new Map<string, string>();
  for (const claim of claims) {
    const holder = holders.get(claim.name);
    if (holder === undefined || before?.holders.get(claim.name) === claim.key) holders.set(claim.name, claim.key);
  }
  const pods = new Map<string, DesiredPod>();
  const configMaps = new Map<string, ConfigMap>();
  const secrets = new Map<string, Secret>();
  const storage: StorageObject[] = [];
  const runtimeClasses = new Map<string, RuntimeClass>();
  const conflicts: ManifestProblem[] = [];
  const taken = new Set<string>();
  for (const { key, file, object, name } of claims) {
    const holder = holders.get(name);
    if (holder !== key || taken.has(name)) {
      conflicts.push(conflictOf(file.path, name, holder === key ? file.path : pathOf(state, holder)));
      continue;
    }
    const uid = object.kind === "Pod" ? (object.object.metadata?.uid ?? "") : undefined;
    const twin = uid === undefined ? undefined : pods.get(uid);
    if (twin !== undefined) {
      const message = `${name} has the UID of a pod that ${twin.path} defines; this definition is not used`;
      conflicts.push({ path: file.path, subject: name, field: "metadata.uid", message });
      continue;
    }
    taken.add(name);
    const id = name.slice(name.indexOf(" ") + 1);
    if (object.kind === "ConfigMap") configMaps.set(id, object.object);
    else if (object.kind === "Secret") secrets.set(id, object.object);
    else if (object.kind === "RuntimeClass") runtimeClasses.set(id, object.object);
    else if (object.kind === "Pod") {
      pods.set(object.object.metadata?.uid ?? "", { pod: object.object, source: file.source, path: file.path });
    } else storage.push(object);
  }
  const complete = [...pods].map(([uid, desired]): [string, DesiredPod] => [
    uid,
    { ...desired, pod: withRuntimeClass(desired.pod, runtimeClasses) },
  ]);
  return {
    pods: new Map(complete),
    configMaps,
    secrets,
    storage: groupStorageObjects(storage),
    runtimeClasses,
    holders,
    conflicts,
  };
}

function pathOf(state: DesiredState, key: string | undefined): string {
  return (key === undefined ? undefined : state.files[key]?.path) ?? "another file";
}

function conflictOf(path: string, name: string, holder: string): ManifestProblem {
  const where = holder === path ? "an earlier document of this file" : holder;
  return { path, subject: name, message: `${name} is already defined by ${where}; this definition is not used` };
}
