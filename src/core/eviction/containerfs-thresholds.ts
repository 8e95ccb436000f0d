import type { FilesystemLayout } from "./filesystems.ts";
import type { Signal } from "./signals.ts";
import { isHard, type Threshold } from "./threshold.ts";

/**
 * The thresholds with those of containerfs.* taken from the filesystem that the writable layers share: the images' where
 * both lie together, else the node's. What the configuration says about containerfs.* is overridden, as the kubelet does; with
 * three filesystems apart it stands (Differs: the kubelet has no such layout), and the node's fill in where nothing is said.
 * Source: kubelet eviction UpdateContainerFsThresholds of 1.31.
 */
export function containerFsThresholds(
  thresholds: readonly Threshold[],
  layout: FilesystemLayout,
): readonly Threshold[] {
  const model = layout === "DedicatedImages" ? "imagefs" : "nodefs";
  const isOwn = ({ signal }: Threshold) => signal.startsWith("containerfs.");
  const kept = thresholds.filter((threshold) => !isOwn(threshold) || layout === "Separate");
  const copies = kept.flatMap((threshold): readonly Threshold[] => {
    const signal = copiedSignal(threshold.signal, model);
    if (signal === undefined) return [];
    const isSaid = kept.some((other) => other.signal === signal && isHard(other) === isHard(threshold));
    return isSaid ? [] : [{ ...threshold, key: threshold.key.replace(model, "containerfs"), signal }];
  });
  return [...kept, ...copies];
}

function copiedSignal(signal: Signal, model: "nodefs" | "imagefs"): Signal | undefined {
  if (signal === `${model}.available`) return "containerfs.available";
  return signal === `${model}.inodesFree` ? "containerfs.inodesFree" : undefined;
}
