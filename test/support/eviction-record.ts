import type { EvictionRecord } from "../../src/core/eviction/record.ts";

/** Of a pod that went for its local storage, and has logged something; with what a test wants otherwise. */
export function evictionRecord(more: Partial<EvictionRecord> = {}): EvictionRecord {
  const victim = { uid: "u", namespace: "default", name: "web", gracePeriodSeconds: 0, reason: "Evicted" } as const;
  return {
    id: "1-0",
    atMs: 1,
    cause: "LocalStorage",
    victim: { ...victim, message: "m ", isForced: false },
    trace: { nowMs: 1, thresholds: [] },
    lastLogLines: { main: "bye" },
    dryRun: false,
    ...more,
  };
}
