/** CRI runtime.v1 messages about container statistics, with the field numbers of api.proto. */
import type { ContainerMetadata, StringMap } from "../../core/cri/types.ts";
import type { ContainerFilter, CriContainerStats, CriFilesystemUsage } from "../../ports/runtime.ts";
import { containerMetadata } from "./container-schema.ts";
import { filesystemUsage } from "./image-schema.ts";
import { message, nanos, nested, optional, repeated, string, stringMap, uint64Value } from "./message.ts";

interface WireStats {
  readonly attributes: { readonly id: string; readonly metadata: ContainerMetadata; readonly labels: StringMap };
  readonly cpu?: NonNullable<CriContainerStats["cpu"]>;
  readonly memory?: NonNullable<CriContainerStats["memory"]>;
  readonly writableLayer?: CriFilesystemUsage;
}

const attributes = message<WireStats["attributes"]>({
  id: string(1),
  metadata: nested(2, containerMetadata),
  labels: stringMap(3),
});

const cpuUsage = message<NonNullable<CriContainerStats["cpu"]>>({
  timestampMs: nanos(1),
  usageCoreNanoSeconds: uint64Value(2),
});

const memoryUsage = message<NonNullable<CriContainerStats["memory"]>>({
  timestampMs: nanos(1),
  workingSetBytes: uint64Value(2),
  usageBytes: uint64Value(4),
});

const containerStats = message<WireStats>({
  attributes: nested(1, attributes),
  cpu: optional(nested(2, cpuUsage)),
  memory: optional(nested(3, memoryUsage)),
  writableLayer: optional(nested(4, filesystemUsage)),
});

/** ContainerStatsFilter: as ContainerFilter, without the state, under other numbers. */
const containerStatsFilter = message<Omit<ContainerFilter, "state">>({
  id: optional(string(1)),
  podSandboxId: optional(string(2)),
  labelSelector: optional(stringMap(3)),
});

export const containerStatsResponse = message<{ stats?: WireStats }>({ stats: optional(nested(1, containerStats)) });

export const listContainerStatsRequest = message<{ filter?: Omit<ContainerFilter, "state"> }>({
  filter: optional(nested(1, containerStatsFilter)),
});

export const listContainerStatsResponse = message<{ stats: readonly WireStats[] }>({
  stats: repeated(nested(1, containerStats)),
});

export function toContainerStats({ attributes: { id, metadata, labels }, ...usage }: WireStats): CriContainerStats {
  return { id, metadata, labels, ...usage };
}
