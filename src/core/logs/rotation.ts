/** Rotation of container logs: kubelet logs/container_log_manager.go. */

/** KubeletConfiguration containerLogMaxSize and containerLogMaxFiles. */
export interface LogRotationPolicy {
  /** A log of at least this size is rotated; negative: never. */
  readonly maxSizeBytes: number;
  /** Files of one container instance in all, the newest one included. */
  readonly maxFiles: number;
}

/** One running container's log as it is now. */
export interface LogRotationInput {
  /** The log that the runtime writes to. */
  readonly path: string;
  /** `undefined`: it is not there. */
  readonly sizeBytes: number | undefined;
  /** Paths of the files beside it that begin with its name and a dot. */
  readonly rotatedPaths: readonly string[];
  readonly policy: LogRotationPolicy;
  readonly nowMs: number;
}

/** To be done in order. When `reopen` fails the rename before it is to be taken back. */
export type LogRotationAction =
  | { readonly kind: "remove"; readonly path: string }
  | { readonly kind: "compress"; readonly from: string; readonly to: string }
  | { readonly kind: "rename"; readonly from: string; readonly to: string }
  /** Tell the runtime to open the log anew. */
  | { readonly kind: "reopen" };

/** What a compressed rotated log ends in. */
export const COMPRESSED_SUFFIX = ".gz";
const TEMPORARY_SUFFIX = ".tmp";

/**
 * What to do for a running container's log; empty: nothing.
 * Differs: the time in a rotated name is UTC, so that names sort by age also over a change of the clock's zone, and a
 * second rotation within a second waits, where the kubelet would write over the first one's file.
 */
export function logRotationPlan(input: LogRotationInput): readonly LogRotationAction[] {
  const { path, sizeBytes, rotatedPaths, policy, nowMs } = input;
  if (policy.maxSizeBytes < 0) return [];
  if (sizeBytes === undefined) return [{ kind: "reopen" }];
  if (sizeBytes < policy.maxSizeBytes) return [];
  const rotated = rotatedLogPath(path, nowMs);
  if (rotatedPaths.some((other) => other === rotated || other === rotated + COMPRESSED_SUFFIX)) return [];
  const { unused, used } = sortOut(rotatedPaths);
  // One more place is for the log that is rotated now, one for the log that the runtime begins.
  const excess = Math.max(0, used.length - Math.max(0, policy.maxFiles - 2));
  const removed = [...unused, ...used.slice(0, excess)].map((old) => ({ kind: "remove" as const, path: old }));
  const compressed = used
    .slice(excess)
    .filter((old) => !old.endsWith(COMPRESSED_SUFFIX))
    .map((old) => ({ kind: "compress" as const, from: old, to: old + COMPRESSED_SUFFIX }));
  return [...removed, ...compressed, { kind: "rename", from: path, to: rotated }, { kind: "reopen" }];
}

/** `0.log.20060102-150405`. */
export function rotatedLogPath(path: string, nowMs: number): string {
  const [date = "", time = ""] = new Date(nowMs).toISOString().slice(0, 19).split("T");
  return `${path}.${date.replaceAll("-", "")}-${time.replaceAll(":", "")}`;
}

/** Leftovers of a compression that was cut off, and the rest, oldest first. */
function sortOut(paths: readonly string[]): { readonly unused: readonly string[]; readonly used: readonly string[] } {
  const all = new Set(paths);
  const isUsed = (path: string) =>
    path.endsWith(COMPRESSED_SUFFIX) || !(path.endsWith(TEMPORARY_SUFFIX) || all.has(path + COMPRESSED_SUFFIX));
  return { unused: paths.filter((path) => !isUsed(path)), used: paths.filter(isUsed).sort() };
}
