/**
 * What lies on which filesystem: what a disk signal counts of a pod, and what the node can free for it first.
 * Source: kubelet eviction buildSignalToRankFunc, buildSignalToNodeReclaimFuncs of 1.31.
 */
import { type FilesystemName, SIGNALS, type Signal } from "./signals.ts";

/**
 * Shared: one filesystem. DedicatedImages: images and writable layers apart from the node's. SplitImages: images alone
 * apart. Separate: images, writable layers and the node's each apart (Differs: the kubelet has no such layout).
 */
export type FilesystemLayout = "Shared" | "DedicatedImages" | "SplitImages" | "Separate";

/** Parts of a pod's disk usage. */
export type DiskPart = "rootfs" | "logs" | "volumes";

/** What the node itself can free: dead containers, unused images. */
export type ReclaimStep = "containers" | "images";

interface FilesystemUse {
  readonly parts: readonly DiskPart[];
  readonly reclaim: readonly ReclaimStep[];
}

const all: FilesystemUse = { parts: ["rootfs", "logs", "volumes"], reclaim: ["containers", "images"] };
const nodeAlone: FilesystemUse = { parts: ["logs", "volumes"], reclaim: [] };
const layersAndImages: FilesystemUse = { parts: ["rootfs"], reclaim: ["containers", "images"] };
const layersAndNode: FilesystemUse = { parts: ["logs", "volumes", "rootfs"], reclaim: ["containers"] };
const layersAlone: FilesystemUse = { parts: ["rootfs"], reclaim: ["containers"] };
const imagesAlone: FilesystemUse = { parts: [], reclaim: ["images"] };

const USES: Readonly<Record<FilesystemLayout, Readonly<Record<FilesystemName, FilesystemUse>>>> = {
  Shared: { nodefs: all, imagefs: all, containerfs: all },
  DedicatedImages: { nodefs: nodeAlone, imagefs: layersAndImages, containerfs: layersAndImages },
  SplitImages: { nodefs: layersAndNode, imagefs: imagesAlone, containerfs: layersAndNode },
  Separate: { nodefs: nodeAlone, imagefs: imagesAlone, containerfs: layersAlone },
};

/** The parts of a pod's usage that count for the signal; none for signals that are no disk's. */
export function diskPartsOf(signal: Signal, layout: FilesystemLayout): readonly DiskPart[] {
  const { filesystem } = SIGNALS[signal];
  return filesystem === undefined ? [] : USES[layout][filesystem].parts;
}

/** What the node frees before any pod, in this order. */
export function reclaimStepsOf(signal: Signal, layout: FilesystemLayout): readonly ReclaimStep[] {
  const { filesystem } = SIGNALS[signal];
  return filesystem === undefined ? [] : USES[layout][filesystem].reclaim;
}

/** Whether writable layers are away from the node's filesystem, so that a container's limit sees its logs only. */
export function hasImageFs(layout: FilesystemLayout): boolean {
  return layout !== "Shared";
}
