/** Which nodes run short of what, and by which thresholds their agents evict. */
import {
  type EvictionFields,
  type EvictionPolicy,
  evictionConfig,
  type FilesystemLayout,
  type Threshold,
} from "../../core/eviction/index.ts";
import type { SimDisks } from "../node/sim-node.ts";
import { Random } from "../random.ts";

export interface PressurePlot {
  readonly kind: "memory" | "disk";
  readonly fields: EvictionFields;
  readonly policy: Partial<EvictionPolicy>;
  /** The same, as the agent reads them. */
  readonly thresholds: readonly Threshold[];
  /** Absent: the usual ones, which never fill up. */
  readonly disks?: SimDisks;
}

const GiB = 1024 ** 3;
const MiB = 1024 ** 2;
/** Of so many seeds one is short of memory and one of disk; their own chances leave the stories of all others as they are. */
const EVERY = 4;
const [MEMORY, DISK] = [1, 3];

const POLICIES = [
  { evictionPace: "AsNeeded", overtakeTerminating: true },
  { evictionPace: "AsNeeded", overtakeTerminating: true },
  { evictionPace: "Reference", overtakeTerminating: false },
] as const;

/** `undefined`: nothing runs short in this seed. */
export function drawPressure(seed: number): PressurePlot | undefined {
  const random = new Random(seed + 1_000_003);
  if (seed % EVERY === MEMORY) return memoryPlot(random);
  return seed % EVERY === DISK ? diskPlot(random) : undefined;
}

function memoryPlot(random: Random): PressurePlot {
  const thresholdBytes = random.pick([512, 1024, 4096]) * MiB;
  const soft = random.chance(0.3);
  const fields: EvictionFields = {
    evictionHard: { "memory.available": String(soft ? thresholdBytes / 2 : thresholdBytes) },
    ...(soft && {
      evictionSoft: { "memory.available": String(thresholdBytes) },
      evictionSoftGracePeriod: { "memory.available": "10s" },
    }),
    evictionPressureTransitionPeriod: "30s",
    enforceNodeAllocatable: [],
  };
  const policy = random.pick(POLICIES);
  return { kind: "memory", fields, policy, thresholds: thresholdsOf(fields, policy, "Shared") };
}

function diskPlot(random: Random): PressurePlot {
  const dedicatedImages = random.chance(0.4);
  const soft = random.chance(0.25);
  const fields: EvictionFields = {
    evictionHard: {
      "nodefs.available": random.pick(["10%", "2Gi"]),
      "nodefs.inodesFree": "5%",
      "imagefs.available": "15%",
      "imagefs.inodesFree": "5%",
      "pid.available": "3000",
    },
    ...(soft && {
      evictionSoft: { "nodefs.available": "25%" },
      evictionSoftGracePeriod: { "nodefs.available": "20s" },
    }),
    evictionPressureTransitionPeriod: "30s",
    enforceNodeAllocatable: [],
  };
  const policy = random.pick(POLICIES);
  return {
    kind: "disk",
    fields,
    policy,
    thresholds: thresholdsOf(fields, policy, dedicatedImages ? "DedicatedImages" : "Shared"),
    disks: { capacityBytes: 20 * GiB, inodes: 1_000_000, dedicatedImages, imageBytes: random.pick([50 * MiB, GiB]) },
  };
}

function thresholdsOf(
  fields: EvictionFields,
  policy: Partial<EvictionPolicy>,
  filesystems: FilesystemLayout,
): readonly Threshold[] {
  const parsed = evictionConfig(fields, { filesystems, knowsContainerFs: true, policy });
  if ("error" in parsed) throw new Error(parsed.error);
  return parsed.config.thresholds;
}
