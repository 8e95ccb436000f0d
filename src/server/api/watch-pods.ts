/** Watching pods: what changed since the last look, as the API's watch events. */
import type { Pod } from "../../core/api/types.ts";

export interface PodWatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: Pod;
}

/** The pods of one look, by UID. */
export type KnownPods = ReadonlyMap<string, Pod>;

export function knownPods(pods: readonly Pod[]): KnownPods {
  return new Map(pods.map((pod) => [pod.metadata?.uid ?? "", pod]));
}

/** In the order of `now`, what is gone first: a pod that replaces another of its name comes after it. */
export function podChanges(before: KnownPods, now: KnownPods): readonly PodWatchEvent[] {
  const gone = [...before].flatMap(([uid, pod]): PodWatchEvent[] =>
    now.has(uid) ? [] : [{ type: "DELETED", object: pod }],
  );
  const rest = [...now].flatMap(([uid, pod]): PodWatchEvent[] => {
    const old = before.get(uid);
    if (old === undefined) return [{ type: "ADDED", object: pod }];
    return isSame(old, pod) ? [] : [{ type: "MODIFIED", object: pod }];
  });
  return [...gone, ...rest];
}

/** The agent never changes an object in place: the same parts mean the same pod. */
function isSame(a: Pod, b: Pod): boolean {
  return (
    a.spec === b.spec &&
    a.status === b.status &&
    a.metadata?.labels === b.metadata?.labels &&
    a.metadata?.annotations === b.metadata?.annotations &&
    a.metadata?.deletionTimestamp === b.metadata?.deletionTimestamp
  );
}
