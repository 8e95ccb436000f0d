/**
 * How far a pull is, from what the runtime's store says of the image's blobs. Differs: the kubelet tells nothing until the
 * pull has ended (kubernetes#19077).
 */
import { sizeText } from "../show/size-text.ts";

export interface ImageBlob {
  /** `sha256:...`. */
  readonly digest: string;
  readonly sizeBytes: number;
}

/** What one image is made of, for one platform. */
export interface ImageManifest {
  readonly digest: string;
  /** When the runtime stored it. */
  readonly createdAtMs: number;
  /** Configuration and layers. */
  readonly blobs: readonly ImageBlob[];
}

/** A blob that is being fetched. */
export interface BlobTransfer {
  readonly digest: string;
  readonly writtenBytes: number;
}

/** What is known of one pull so far. Times are those of one clock that never goes back. */
export interface PullState {
  readonly startedAtMs: number;
  readonly blobs?: readonly ImageBlob[];
  /** Oldest first, of the last seconds. */
  readonly samples: readonly { readonly atMs: number; readonly doneBytes: number }[];
  /** When a byte came last, or when the pull began. */
  readonly movedAtMs: number;
}

/**
 * `waiting`: others are pulled first; `starting`: the registry has not told yet what the image is made of; `unknown`: the
 * runtime does not tell; `unpacking`: everything is here.
 */
export type PullPhase = "waiting" | "starting" | "unknown" | "downloading" | "unpacking";

export interface PullProgress {
  readonly phase: PullPhase;
  /** Since the pull began, or waits. */
  readonly elapsedMs: number;
  /** Of downloading and unpacking. */
  readonly doneBytes?: number;
  readonly totalBytes?: number;
  /** 0 to 100, whole, 100 only when all is here. */
  readonly percent?: number;
  /** Over the last seconds; absent: not measured yet. */
  readonly bytesPerSecond?: number;
  /** How long no byte has come; absent: bytes come. */
  readonly stalledMs?: number;
}

const SPEED_WINDOW_MS = 5_000;
const STALLED_AFTER_MS = 5_000;

export function beginPull(nowMs: number): PullState {
  return { startedAtMs: nowMs, samples: [], movedAtMs: nowMs };
}

export interface ManifestSearch {
  /** When this pull began, and when the first of those that run began; by the clock of `createdAtMs`. */
  readonly startedAtMs: number;
  readonly earliestStartMs: number;
  readonly transfers: readonly BlobTransfer[];
  /** Digests of the manifests that other pulls fetch. */
  readonly taken: ReadonlySet<string>;
}

/**
 * Which of the repository's manifests this pull fetches: the newest of those with a blob under way that came since it
 * began, or, when an earlier try has left it there, before all pulls that run. `undefined`: not known yet.
 */
export function manifestOfPull(
  manifests: readonly ImageManifest[],
  { startedAtMs, earliestStartMs, transfers, taken }: ManifestSearch,
): ImageManifest | undefined {
  const underWay = new Set(transfers.map(({ digest }) => digest));
  const candidates = manifests.filter(({ digest, createdAtMs, blobs }) => {
    const isInTime = createdAtMs >= startedAtMs || createdAtMs < earliestStartMs;
    return isInTime && !taken.has(digest) && blobs.some((blob) => underWay.has(blob.digest));
  });
  return candidates.toSorted((a, b) => b.createdAtMs - a.createdAtMs || (a.digest < b.digest ? -1 : 1))[0];
}

/** A look at the store: what is being fetched, and which blobs are there whole. Does nothing before `blobs` is known. */
export function samplePull(
  state: PullState,
  transfers: readonly BlobTransfer[],
  present: ReadonlySet<string>,
  nowMs: number,
): PullState {
  const { blobs } = state;
  if (blobs === undefined) return state;
  const written = new Map(transfers.map(({ digest, writtenBytes }) => [digest, writtenBytes]));
  const seenBytes = blobs.reduce((sum, { digest, sizeBytes }) => {
    return sum + (present.has(digest) ? sizeBytes : Math.min(written.get(digest) ?? 0, sizeBytes));
  }, 0);
  const last = state.samples.at(-1);
  // A blob between its last byte and its name in the store is seen nowhere for a moment.
  const doneBytes = Math.max(seenBytes, last?.doneBytes ?? 0);
  const moved = doneBytes > (last?.doneBytes ?? 0);
  const samples = [...state.samples, { atMs: nowMs, doneBytes }];
  const firstKept = samples.findLastIndex(({ atMs }) => nowMs - atMs >= SPEED_WINDOW_MS);
  return { ...state, samples: samples.slice(Math.max(0, firstKept)), movedAtMs: moved ? nowMs : state.movedAtMs };
}

export function pullProgress(state: PullState, nowMs: number): PullProgress {
  const elapsedMs = nowMs - state.startedAtMs;
  const last = state.samples.at(-1);
  if (state.blobs === undefined || last === undefined) return { phase: "starting", elapsedMs };
  const totalBytes = state.blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const { doneBytes } = last;
  if (doneBytes >= totalBytes) return { phase: "unpacking", elapsedMs, doneBytes, totalBytes, percent: 100 };
  const percent = Math.floor((doneBytes / totalBytes) * 100);
  const first = state.samples[0] ?? last;
  const spanMs = last.atMs - first.atMs;
  const stalledMs = nowMs - state.movedAtMs;
  return {
    phase: "downloading",
    elapsedMs,
    doneBytes,
    totalBytes,
    percent,
    ...(spanMs > 0 && { bytesPerSecond: Math.round(((doneBytes - first.doneBytes) / spanMs) * 1000) }),
    ...(stalledMs >= STALLED_AFTER_MS && { stalledMs }),
  };
}

/** `45% (135MB of 300MB), 12.3MB/s`, and in a word or two what else it may be doing. */
export function progressText(progress: PullProgress): string {
  const { doneBytes = 0, totalBytes = 0, percent = 0, bytesPerSecond, stalledMs } = progress;
  switch (progress.phase) {
    case "waiting":
      return "waiting for other pulls";
    case "starting":
      return `asking the registry for ${seconds(progress.elapsedMs)}`;
    case "unknown":
      return `for ${seconds(progress.elapsedMs)} (this runtime does not tell how far)`;
    case "unpacking":
      return `100% (${sizeText(totalBytes)}), unpacking`;
    case "downloading": {
      const speed = bytesPerSecond === undefined ? "" : `, ${sizeText(bytesPerSecond)}/s`;
      const pace = stalledMs === undefined ? speed : `, nothing came for ${seconds(stalledMs)}`;
      return `${percent}% (${sizeText(doneBytes)} of ${sizeText(totalBytes)})${pace}`;
    }
  }
}

/** The same in a few letters, for a cell of a table. */
export function shortProgressText({ phase, percent = 0, bytesPerSecond, stalledMs }: PullProgress): string {
  if (phase === "waiting") return "waiting to pull";
  if (phase === "unpacking") return "unpacking";
  if (phase !== "downloading") return "pulling";
  const speed = bytesPerSecond === undefined ? "" : `, ${sizeText(bytesPerSecond)}/s`;
  return `pulling ${percent}%${stalledMs === undefined ? speed : `, nothing for ${seconds(stalledMs)}`}`;
}

function seconds(ms: number): string {
  return `${Math.floor(ms / 1000)}s`;
}

const FIRST_TELL_MS = 5_000;
const LONGEST_TELL_MS = 300_000;

/** When an event may next tell of a pull: 5 s after its beginning, then after as long again, at most 5 minutes. */
export function nextTellAtMs(startedAtMs: number, nowMs: number): number {
  const elapsedMs = Math.max(0, nowMs - startedAtMs);
  return nowMs + Math.min(Math.max(elapsedMs, FIRST_TELL_MS), LONGEST_TELL_MS);
}
