import { parseGoDuration } from "../config/go-duration.ts";
import { containerFsThresholds } from "./containerfs-thresholds.ts";
import type { FilesystemLayout } from "./filesystems.ts";
import { type EvictionPolicy, REFERENCE_POLICY } from "./policy.ts";
import type { Threshold } from "./threshold.ts";
import { parseThresholds, type ThresholdFields, type ThresholdOptions } from "./thresholds.ts";

/** What a step decides by. Plain JSON. */
export interface EvictionConfig {
  readonly thresholds: readonly Threshold[];
  /** How long a pressure condition stays after it was last seen. */
  readonly pressureTransitionMs: number;
  /** Grace of soft evictions; see `EvictionPolicy.softGracePeriod`. */
  readonly maxPodGraceSeconds: number;
  /** Pods over their local storage limits are evicted. */
  readonly localStorageCapacityIsolation: boolean;
  readonly filesystems: FilesystemLayout;
  readonly policy: EvictionPolicy;
}

/** The eviction fields of a KubeletConfiguration; absent ones have the kubelet's defaults. */
export interface EvictionFields extends ThresholdFields {
  /** Absent or zero: 5 minutes. */
  readonly evictionPressureTransitionPeriod?: string;
  /** Absent: 0. */
  readonly evictionMaxPodGracePeriod?: number;
  /** Absent: true. */
  readonly localStorageCapacityIsolation?: boolean;
}

export interface EvictionConfigOptions extends ThresholdOptions {
  /** Absent: "Shared". */
  readonly filesystems?: FilesystemLayout;
  /** What differs from the reference policy. */
  readonly policy?: Partial<EvictionPolicy>;
}

export type ParsedEvictionConfig = { readonly config: EvictionConfig } | { readonly error: string };

const DEFAULT_TRANSITION_MS = 300_000;

/** The error is the kubelet's. */
export function evictionConfig(fields: EvictionFields, options: EvictionConfigOptions = {}): ParsedEvictionConfig {
  const parsed = parseThresholds(fields, options);
  if ("error" in parsed) return parsed;
  const { filesystems = "Shared", knowsContainerFs = false } = options;
  const transition = parseGoDuration(fields.evictionPressureTransitionPeriod ?? "0");
  return {
    config: {
      thresholds: knowsContainerFs ? containerFsThresholds(parsed.thresholds, filesystems) : parsed.thresholds,
      pressureTransitionMs: transition === undefined || transition === 0 ? DEFAULT_TRANSITION_MS : transition / 1e6,
      maxPodGraceSeconds: fields.evictionMaxPodGracePeriod ?? 0,
      localStorageCapacityIsolation: fields.localStorageCapacityIsolation ?? true,
      filesystems,
      policy: { ...REFERENCE_POLICY, ...options.policy },
    },
  };
}
