/** The signals that can evict, and what each one is about. Source: kubelet eviction/api/types.go, eviction/helpers.go. */
import type { QuantityFormat } from "../quantity/index.ts";

/** Always "how much is left". containerfs.* is the filesystem of the containers' writable layers (kubelet 1.29 and later). */
export type Signal =
  | "memory.available"
  | "allocatableMemory.available"
  | "nodefs.available"
  | "nodefs.inodesFree"
  | "imagefs.available"
  | "imagefs.inodesFree"
  | "containerfs.available"
  | "containerfs.inodesFree"
  | "pid.available";

/** What runs short, in the words of events and messages. */
export type StarvedResource = "memory" | "ephemeral-storage" | "inodes" | "pids";

/** The node conditions that eviction owns. */
export type PressureCondition = "DiskPressure" | "MemoryPressure" | "PIDPressure";

export type FilesystemName = "nodefs" | "imagefs" | "containerfs";

export interface SignalFacts {
  readonly resource: StarvedResource;
  readonly condition: PressureCondition;
  /** How available amounts print. */
  readonly format: QuantityFormat;
  /** Only signals of disks. */
  readonly filesystem?: FilesystemName;
}

const memory: SignalFacts = { resource: "memory", condition: "MemoryPressure", format: "BinarySI" };

function bytesOn(filesystem: FilesystemName): SignalFacts {
  return { resource: "ephemeral-storage", condition: "DiskPressure", format: "BinarySI", filesystem };
}

function inodesOn(filesystem: FilesystemName): SignalFacts {
  return { resource: "inodes", condition: "DiskPressure", format: "DecimalSI", filesystem };
}

export const SIGNALS: Readonly<Record<Signal, SignalFacts>> = {
  "memory.available": memory,
  "allocatableMemory.available": memory,
  "nodefs.available": bytesOn("nodefs"),
  "nodefs.inodesFree": inodesOn("nodefs"),
  "imagefs.available": bytesOn("imagefs"),
  "imagefs.inodesFree": inodesOn("imagefs"),
  "containerfs.available": bytesOn("containerfs"),
  "containerfs.inodesFree": inodesOn("containerfs"),
  "pid.available": { resource: "pids", condition: "PIDPressure", format: "DecimalSI" },
};

export const SIGNAL_NAMES = Object.keys(SIGNALS) as readonly Signal[];

/** Whether a name in the configuration is a signal. */
export function isSignal(name: string): name is Signal {
  return Object.hasOwn(SIGNALS, name);
}

export function isMemorySignal(signal: Signal): boolean {
  return SIGNALS[signal].resource === "memory";
}
