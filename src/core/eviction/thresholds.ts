/**
 * The thresholds that a KubeletConfiguration asks for. Source: kubelet eviction ParseThresholdConfig; error texts are the
 * kubelet's.
 */
import { formatGoDurationExact, parseGoDurationExact } from "../config/go-duration-exact.ts";
import {
  exactAmount,
  formatQuantity,
  isQuantityError,
  isZeroQuantity,
  parseQuantity,
  type Quantity,
  quantitySign,
} from "../quantity/index.ts";
import { parsePercentage } from "./percentage.ts";
import { isSignal, type Signal } from "./signals.ts";
import type { Threshold, ThresholdValue } from "./threshold.ts";

/** The fields of a KubeletConfiguration that thresholds come from. Absent maps are empty, but for `evictionHard`. */
export interface ThresholdFields {
  /** Absent: the defaults. Present, even empty: exactly what is written, unless defaults are merged in. */
  readonly evictionHard?: Readonly<Record<string, string>>;
  readonly evictionSoft?: Readonly<Record<string, string>>;
  readonly evictionSoftGracePeriod?: Readonly<Record<string, string>>;
  readonly evictionMinimumReclaim?: Readonly<Record<string, string>>;
  /** Absent: ["pods"]. */
  readonly enforceNodeAllocatable?: readonly string[];
  /** Signals that `evictionHard` leaves out keep their defaults (kubelet 1.33 and later). */
  readonly mergeDefaultEvictionSettings?: boolean;
}

export interface ThresholdOptions {
  /** The hard thresholds that hold where none are written. */
  readonly defaults?: Readonly<Record<string, string>>;
  /** containerfs.* may be named (kubelet 1.29 and later); 1.26 does not know these signals. */
  readonly knowsContainerFs?: boolean;
}

/** evictionHard of a Linux kubelet 1.26. */
export const DEFAULT_EVICTION_HARD: Readonly<Record<string, string>> = {
  "memory.available": "100Mi",
  "nodefs.available": "10%",
  "nodefs.inodesFree": "5%",
  "imagefs.available": "15%",
};

export type ParsedThresholds = { readonly thresholds: readonly Threshold[] } | ThresholdError;

export interface ThresholdError {
  /** In the kubelet's words. */
  readonly error: string;
  /** Where it stands. */
  readonly field: StatementField;
}

type StatementField = "evictionHard" | "evictionSoft" | "evictionSoftGracePeriod" | "evictionMinimumReclaim";

/** The error of a stage ends the parsing: hard, soft, grace periods, minimum reclaims, then missing grace periods. */
export function parseThresholds(fields: ThresholdFields, options: ThresholdOptions = {}): ParsedThresholds {
  const stages = new ThresholdStages(options.knowsContainerFs ?? false);
  const { evictionSoft, evictionSoftGracePeriod, evictionMinimumReclaim } = fields;
  const evictionHard = hardStatements(fields, options.defaults ?? DEFAULT_EVICTION_HARD);
  const hard = stages.read("evictionHard", evictionHard, readValue);
  const soft = stages.read("evictionSoft", evictionSoft, readValue);
  const graces = stages.read("evictionSoftGracePeriod", evictionSoftGracePeriod, readGrace);
  const minReclaims = stages.read("evictionMinimumReclaim", evictionMinimumReclaim, readMinReclaim);
  if (stages.error !== undefined) return stages.error;
  const ungraced = [...soft.keys()].find((signal) => !graces.has(signal));
  if (ungraced !== undefined) {
    const error = `grace period must be specified for the soft eviction threshold ${ungraced}`;
    return { error, field: "evictionSoftGracePeriod" };
  }
  const written: readonly Unnamed[] = [
    ...[...hard].map(([signal, value]) => ({ signal, value, ...NO_GRACE })),
    ...[...soft].map(([signal, value]) => ({ signal, value, ...(graces.get(signal) ?? NO_GRACE) })),
  ];
  const thresholds = written.map((threshold): Unnamed => {
    const minReclaim = minReclaims.get(threshold.signal);
    return minReclaim === undefined ? threshold : { ...threshold, minReclaim };
  });
  const enforced = (fields.enforceNodeAllocatable ?? ["pods"]).includes("pods");
  return { thresholds: nameAll(enforced ? [...thresholds, ...allocatableCopies(thresholds)] : thresholds) };
}

type Unnamed = Omit<Threshold, "key">;
type Grace = Pick<Threshold, "graceMs" | "gracePeriod">;
/** `undefined`: the statement is to be ignored. */
type Reading<T> = T | { readonly error: string } | undefined;

const NO_GRACE: Grace = { graceMs: 0, gracePeriod: "0s" };

/** Reads one map after the other; after the first error nothing counts any more. */
class ThresholdStages {
  readonly #knowsContainerFs: boolean;
  error: ThresholdError | undefined;

  constructor(knowsContainerFs: boolean) {
    this.#knowsContainerFs = knowsContainerFs;
  }

  read<T extends object>(
    field: StatementField,
    statements: Readonly<Record<string, string>> | undefined,
    readOne: (signal: Signal, text: string) => Reading<T>,
  ): ReadonlyMap<Signal, T> {
    const results = new Map<Signal, T>();
    for (const [name, text] of Object.entries(statements ?? {})) {
      if (this.error !== undefined) break;
      if (!this.#knows(name)) {
        this.error = { error: `unsupported eviction signal ${name}`, field };
        break;
      }
      const reading = readOne(name, text);
      if (reading === undefined) continue;
      if ("error" in reading) this.error = { error: reading.error, field };
      else results.set(name, reading);
    }
    return results;
  }

  #knows(name: string): name is Signal {
    return isSignal(name) && (this.#knowsContainerFs || !name.startsWith("containerfs."));
  }
}

function hardStatements(
  { evictionHard, mergeDefaultEvictionSettings }: ThresholdFields,
  defaults: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (evictionHard === undefined) return defaults;
  return mergeDefaultEvictionSettings === true ? { ...defaults, ...evictionHard } : evictionHard;
}

function readValue(signal: Signal, text: string): Reading<ThresholdValue> {
  if (text === "0%" || text === "100%") return undefined;
  if (text.endsWith("%")) {
    const percentage = parsePercentage(text);
    if ("error" in percentage) return percentage;
    if (percentage.fraction < 0) return { error: `eviction percentage threshold ${signal} must be >= 0%: ${text}` };
    if (percentage.fraction > 1) return { error: `eviction percentage threshold ${signal} must be <= 100%: ${text}` };
    return percentage;
  }
  const quantity = parseQuantity(text);
  if (isQuantityError(quantity)) return { error: quantity.error };
  if (quantitySign(quantity) < 0 || isZeroQuantity(quantity)) {
    return { error: `eviction threshold ${signal} must be positive: ${formatQuantity(quantity)}` };
  }
  return absolute(quantity);
}

function readGrace(_signal: Signal, text: string): Reading<Grace> {
  const duration = parseGoDurationExact(text);
  if ("error" in duration) return duration;
  const { nanoseconds } = duration;
  if (nanoseconds < 0n) return { error: `invalid eviction grace period specified: ${text}, must be a positive value` };
  return { graceMs: Number(nanoseconds) / 1e6, gracePeriod: formatGoDurationExact(nanoseconds) };
}

function readMinReclaim(signal: Signal, text: string): Reading<ThresholdValue> {
  if (text.endsWith("%")) {
    const percentage = parsePercentage(text);
    if ("error" in percentage) return percentage;
    if (percentage.fraction <= 0) {
      return { error: `eviction percentage minimum reclaim ${signal} must be positive: ${text}` };
    }
    return percentage;
  }
  const quantity = parseQuantity(text);
  if (isQuantityError(quantity)) return { error: quantity.error };
  if (quantitySign(quantity) < 0) return { error: `negative eviction minimum reclaim specified for ${signal}` };
  return absolute(quantity);
}

function absolute(quantity: Quantity): ThresholdValue {
  return { text: formatQuantity(quantity), amount: exactAmount(quantity) };
}

/**
 * What evicts for the node evicts for the cgroup of all pods, too: a copy of every memory threshold without grace period,
 * its minimum reclaim included.
 */
function allocatableCopies(thresholds: readonly Unnamed[]): readonly Unnamed[] {
  return thresholds
    .filter((threshold) => threshold.signal === "memory.available" && threshold.graceMs === 0)
    .map((threshold) => ({ ...threshold, signal: "allocatableMemory.available" }));
}

/** Gives each its key. */
function nameAll(thresholds: readonly Unnamed[]): readonly Threshold[] {
  const counts = new Map<string, number>();
  return thresholds.map((threshold) => {
    const { signal, value, gracePeriod, minReclaim } = threshold;
    const name = `${signal}<${value.text}${threshold.graceMs === 0 ? "" : ` for ${gracePeriod}`}`;
    const sharesKey = "fraction" in value && minReclaim === undefined;
    const family = minReclaim === undefined ? name : `${name} +${minReclaim.text}`;
    const count = (counts.get(family) ?? 0) + 1;
    counts.set(family, count);
    return { key: sharesKey || count === 1 ? family : `${family} #${count}`, ...threshold };
  });
}
