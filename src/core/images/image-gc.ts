/**
 * Which unused images go. Rules: kubelet images/image_gc_manager.go (1.26; the maximum age from 1.29).
 * `imageDiskShortfall` says how much the disk lacks, `planImageGc` which images to try in which order, and after each
 * removal that worked the caller asks `isEnough`; `concludeImageGc` puts what came of it into the kubelet's words.
 * The sizes are what the runtime tells; how much was really freed shows only when the disk is measured again.
 */
import { formatGoDuration } from "../config/go-duration.ts";

export interface ImageGcPolicy {
  /** Disk usage, whole percent rounded up, at which images are removed. */
  readonly highThresholdPercent: number;
  /** Disk usage to come down to. */
  readonly lowThresholdPercent: number;
  /** Images that were first seen later than this ago stay. */
  readonly minAgeMs: number;
  /** Images unused for longer than this go, however much room there is; 0: never. */
  readonly maxAgeMs: number;
}

/** What is remembered of an image. All times are on one clock of the caller's; they may be negative. */
export interface ImageRecord {
  /** null: before anybody looked, so arbitrarily old. */
  readonly firstDetectedAtMs: number | null;
  /** When it was last seen in use; null: never. */
  readonly lastUsedAtMs: number | null;
}

/** By image id. */
export type ImageRecords = ReadonlyMap<string, ImageRecord>;

/** An image that the runtime has. */
export interface GcImage {
  readonly id: string;
  readonly sizeBytes: number;
  readonly pinned: boolean;
}

/** What the runtime has at a moment. `inUse`: ids of the images of containers (running or dead) and of sandboxes. */
export interface ImageSighting {
  readonly images: readonly GcImage[];
  readonly inUse: ReadonlySet<string>;
  readonly nowMs: number;
}

/** The filesystem that holds images; absent figures were not reported. */
export interface ImageDisk {
  readonly capacityBytes?: number;
  readonly availableBytes?: number;
}

/** Text for a policy that cannot be applied, in the kubelet's words; `undefined`: it can. */
export function imageGcPolicyProblem(policy: ImageGcPolicy): string | undefined {
  const { highThresholdPercent: high, lowThresholdPercent: low } = policy;
  if (high < 0 || high > 100) return `invalid HighThresholdPercent ${high}, must be in range [0-100]`;
  if (low < 0 || low > 100) return `invalid LowThresholdPercent ${low}, must be in range [0-100]`;
  if (low > high) return `LowThresholdPercent ${low} can not be higher than HighThresholdPercent ${high}`;
  return undefined;
}

/** How much is to be freed; may be 0 or less (rounding), which still asks for one image. */
export type ImageGcGoal = { readonly kind: "bytes"; readonly bytes: number } | { readonly kind: "all" };

export type DiskShortfall =
  | { readonly kind: "enough"; readonly usagePercent: number }
  | { readonly kind: "short"; readonly usagePercent: number; readonly goal: ImageGcGoal }
  | { readonly kind: "invalid"; readonly event: ImageGcEvent; readonly error: string };

export interface ImageGcEvent {
  readonly type: "Warning";
  readonly reason: "InvalidDiskCapacity" | "FreeDiskSpaceFailed";
  readonly message: string;
}

/** Whether the disk is over the high threshold, and by how much over the low one. `undefined`: the disk was not reported. */
export function imageDiskShortfall(policy: ImageGcPolicy, disk: ImageDisk | undefined): DiskShortfall {
  const capacity = BigInt(Math.trunc(disk?.capacityBytes ?? 0));
  if (capacity === 0n) {
    const error = "invalid capacity 0 on image filesystem";
    return { kind: "invalid", event: { type: "Warning", reason: "InvalidDiskCapacity", message: error }, error };
  }
  const reported = BigInt(Math.trunc(disk?.availableBytes ?? 0));
  const available = reported > capacity ? capacity : reported;
  const usagePercent = 100 - Number((available * 100n) / capacity);
  if (usagePercent < policy.highThresholdPercent) return { kind: "enough", usagePercent };
  const bytes = Number((capacity * BigInt(100 - policy.lowThresholdPercent)) / 100n - available);
  return { kind: "short", usagePercent, goal: { kind: "bytes", bytes } };
}

/** The records after a look at the runtime: new images begin at `newSinceMs`, those in use are used now, gone ones go. */
export function detectImages(
  records: ImageRecords,
  { images, inUse, nowMs }: ImageSighting,
  newSinceMs: number | null,
): ImageRecords {
  return new Map(
    images.map(({ id }) => {
      const known = records.get(id) ?? { firstDetectedAtMs: newSinceMs, lastUsedAtMs: null };
      return [id, inUse.has(id) ? { ...known, lastUsedAtMs: nowMs } : known];
    }),
  );
}

/** `unneeded`: for want of room. `tooOld`: because of the maximum age, however much room there is. */
export type ImageGcMode = "unneeded" | "tooOld";

export interface ImageGcVerdict {
  readonly imageId: string;
  readonly verdict: "Remove" | "InUse" | "Pinned" | "UsedSince" | "TooYoung" | "NotTooOld";
}

export interface ImageGcPlan {
  readonly records: ImageRecords;
  /** Images to try, in this order. */
  readonly plan: readonly GcImage[];
  readonly trace: readonly ImageGcVerdict[];
}

/** Looks, remembers, and orders what may go: least recently used first, then least recently detected, then by id. */
export function planImageGc(
  policy: ImageGcPolicy,
  before: ImageRecords,
  sighting: ImageSighting,
  mode: ImageGcMode = "unneeded",
): ImageGcPlan {
  const records = detectImages(before, sighting, sighting.nowMs);
  const byId = new Map(sighting.images.map((image) => [image.id, image]));
  const rows = [...byId.values()].map((image) => ({ image, record: records.get(image.id) ?? UNKNOWN }));
  const judged = rows.toSorted(byLastUse).map(({ image, record }) => {
    return { image, verdict: judge(policy, image, record, sighting, mode) };
  });
  return {
    records,
    plan: judged.filter(({ verdict }) => verdict === "Remove").map(({ image }) => image),
    trace: judged.map(({ image, verdict }) => ({ imageId: image.id, verdict })),
  };
}

const UNKNOWN: ImageRecord = { firstDetectedAtMs: null, lastUsedAtMs: null };

function judge(
  policy: ImageGcPolicy,
  image: GcImage,
  record: ImageRecord,
  { inUse, nowMs }: ImageSighting,
  mode: ImageGcMode,
): ImageGcVerdict["verdict"] {
  const firstDetectedAt = record.firstDetectedAtMs ?? Number.NEGATIVE_INFINITY;
  const lastUsedAt = record.lastUsedAtMs ?? Number.NEGATIVE_INFINITY;
  if (inUse.has(image.id)) return "InUse";
  if (image.pinned) return "Pinned";
  if (lastUsedAt >= nowMs) return "UsedSince";
  if (nowMs - firstDetectedAt < policy.minAgeMs) return "TooYoung";
  // Differs: the kubelet takes an image that was never used for too old as soon as it is there.
  const idleMs = nowMs - Math.max(firstDetectedAt, lastUsedAt);
  if (mode === "tooOld" && (policy.maxAgeMs === 0 || idleMs <= policy.maxAgeMs)) return "NotTooOld";
  return "Remove";
}

interface Row {
  readonly image: GcImage;
  readonly record: ImageRecord;
}

function byLastUse(a: Row, b: Row): number {
  return (
    compareTimes(a.record.lastUsedAtMs, b.record.lastUsedAtMs) ||
    compareTimes(a.record.firstDetectedAtMs, b.record.firstDetectedAtMs) ||
    (a.image.id < b.image.id ? -1 : a.image.id > b.image.id ? 1 : 0)
  );
}

/** null is before everything. */
function compareTimes(a: number | null, b: number | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  return a - b;
}

/** No more images are to be tried, now that the sizes of those removed come to `freedBytes`. */
export function isEnough(goal: ImageGcGoal, freedBytes: number): boolean {
  return goal.kind === "bytes" && freedBytes >= goal.bytes;
}

/** What came of a run; `failures` are the texts of removals that failed, in order. */
export interface ImageGcRun {
  readonly goal: ImageGcGoal;
  readonly freedBytes: number;
  readonly failures: readonly string[];
}

export interface ImageGcOutcome {
  readonly event?: ImageGcEvent;
  readonly error?: string;
}

/** What to tell about a run for want of room. */
export function concludeImageGc({ goal, freedBytes, failures }: ImageGcRun): ImageGcOutcome {
  if (failures.length > 0) {
    const freed = `wanted to free ${goalText(goal)} bytes, but freed ${freedBytes} bytes space`;
    return { error: `${freed} with errors in image deletion: ${aggregate(failures)}` };
  }
  if (goal.kind === "all" || freedBytes >= goal.bytes) return {};
  const attempt = `Attempted to free ${goal.bytes} bytes, but only found ${freedBytes} bytes eligible to free.`;
  const message = `Failed to garbage collect required amount of images. ${attempt}`;
  return { event: { type: "Warning", reason: "FreeDiskSpaceFailed", message }, error: message };
}

/** Error of a run for the maximum age; `undefined`: nothing failed. */
export function concludeImageAging(policy: ImageGcPolicy, failures: readonly string[]): string | undefined {
  if (failures.length === 0) return undefined;
  const age = formatGoDuration(policy.maxAgeMs * 1e6);
  return `wanted to free images older than ${age}, encountered errors in image deletion: ${aggregate(failures)}`;
}

/** The kubelet asks for the largest number when it wants all. */
function goalText(goal: ImageGcGoal): string {
  return goal.kind === "all" ? "9223372036854775807" : String(goal.bytes);
}

/** Several errors as one text: apimachinery util/errors Aggregate, each text once. */
function aggregate(texts: readonly string[]): string {
  const distinct = [...new Set(texts)];
  return distinct.length === 1 ? (distinct[0] ?? "") : `[${distinct.join(", ")}]`;
}
