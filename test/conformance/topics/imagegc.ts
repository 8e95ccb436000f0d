import {
  concludeImageGc,
  type GcImage,
  type ImageDisk,
  type ImageGcEvent,
  type ImageGcGoal,
  type ImageGcPolicy,
  type ImageRecord,
  imageDiskShortfall,
  imageGcPolicyProblem,
  isEnough,
  planImageGc,
} from "../../../src/core/images/image-gc.ts";
import type { Topic } from "../case.ts";

interface RecordJson {
  readonly firstDetectedSecondsAgo: number | null;
  readonly lastUsedSecondsAgo: number | null;
}

interface Input {
  readonly mode: "garbageCollect" | "deleteUnusedImages";
  readonly images: readonly (GcImage & { readonly record?: RecordJson })[];
  readonly imagesUsedByContainers: readonly string[];
  readonly sandboxImageID: string;
  readonly removeFails: readonly string[];
  readonly recordsOfGoneImages: readonly string[];
  readonly disk: { readonly availableBytes?: number | null; readonly capacityBytes?: number | null } | null;
  readonly policy: {
    readonly highThresholdPercent: number;
    readonly lowThresholdPercent: number;
    readonly minAgeSeconds: number;
  };
}

const NOW_MS = 1_700_000_000_000;
const nothing = { attempted: [], removed: [], events: [] };

export const topic: Topic = ({ input }) => {
  const given = input as Input;
  const { highThresholdPercent, lowThresholdPercent, minAgeSeconds } = given.policy;
  const policy = { highThresholdPercent, lowThresholdPercent, minAgeMs: minAgeSeconds * 1000, maxAgeMs: 0 };
  const problem = imageGcPolicyProblem(policy);
  if (problem !== undefined) return { actual: { ...nothing, error: problem } };
  if (given.mode === "deleteUnusedImages") return { actual: free(given, policy, { kind: "all" }) };
  const shortfall = imageDiskShortfall(policy, toDisk(given.disk));
  if (shortfall.kind === "enough") return { actual: nothing };
  if (shortfall.kind === "short") return { actual: free(given, policy, shortfall.goal) };
  return { actual: { ...nothing, events: [eventText(shortfall.event)], error: shortfall.error } };
};

function free(given: Input, policy: ImageGcPolicy, goal: ImageGcGoal) {
  const known = given.images.flatMap(({ id, record }): [string, ImageRecord][] =>
    record === undefined ? [] : [[id, toRecord(record)]],
  );
  const gone = given.recordsOfGoneImages.map((id): [string, ImageRecord] => [
    id,
    { firstDetectedAtMs: null, lastUsedAtMs: null },
  ]);
  const inUse = new Set([...given.imagesUsedByContainers, given.sandboxImageID]);
  const { plan } = planImageGc(policy, new Map([...known, ...gone]), { images: given.images, inUse, nowMs: NOW_MS });
  const attempted: string[] = [];
  const removed: string[] = [];
  const failures: string[] = [];
  let freedBytes = 0;
  for (const { id, sizeBytes } of plan) {
    attempted.push(id);
    if (given.removeFails.includes(id)) {
      failures.push(`remove of ${id} failed`);
      continue;
    }
    removed.push(id);
    freedBytes += sizeBytes;
    if (isEnough(goal, freedBytes)) break;
  }
  const { event, error } = concludeImageGc({ goal, freedBytes, failures });
  return { attempted, removed, events: event === undefined ? [] : [eventText(event)], ...(error && { error }) };
}

function toRecord({ firstDetectedSecondsAgo, lastUsedSecondsAgo }: RecordJson): ImageRecord {
  const at = (secondsAgo: number | null) => (secondsAgo === null ? null : NOW_MS - secondsAgo * 1000);
  return { firstDetectedAtMs: at(firstDetectedSecondsAgo), lastUsedAtMs: at(lastUsedSecondsAgo) };
}

function toDisk(disk: Input["disk"]): ImageDisk {
  const { availableBytes, capacityBytes } = disk ?? {};
  return {
    ...(typeof availableBytes === "number" && { availableBytes }),
    ...(typeof capacityBytes === "number" && { capacityBytes }),
  };
}

function eventText({ type, reason, message }: ImageGcEvent): string {
  return `${type} ${reason} ${message}`;
}
