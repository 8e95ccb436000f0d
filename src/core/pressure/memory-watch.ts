/**
 * When to look at memory again, and at which usage the kernel shall wake us, so that the moment at which a threshold is
 * crossed is not missed and a node at rest costs nothing.
 *
 * What counts is *available* memory, but the kernel (cgroup v1) can only be told a level of *usage*, which has page cache
 * in it. Between two readings available memory falls by as much as usage grows, or by less; so the level for a mark is
 * `usage + (available - mark)`. For the working set that is capacity - mark + inactive_file, what the kubelet sets
 * (memory_threshold_notifier.go), but the kubelet sets it every 10 s and is late when inactive_file shrinks meanwhile:
 * the working set then reaches the mark at a lower usage than the level. Three things keep ours in step:
 *
 * - Levels are staggered: besides the one at the mark there is one at seven eighths and one at half of the way. A hog
 *   whose level went stale by less than that is seen on the way, and each time it is seen the levels are set anew.
 * - Every reading compares the levels with where they ought to be and sets them anew when they are off by more than a
 *   sixteenth of the distance. Registering costs the kernel some 8 ms each (of waiting, not of work), so this is limited.
 * - Whoever watches reads again in any case before the fastest thinkable growth could have covered the distance.
 *
 * Page cache that grows makes the alarm go off early. Such a reading (20 us) finds the distance as it was and says for how
 * long not to listen again, so that a busy disk causes some dozens of readings a second and no storm.
 */

/** What one reading says. All figures are of the same moment as nearly as the kernel's files allow. */
export interface MemoryReading {
  /** With page cache: `memory.usage_in_bytes`, `memory.current`; MemTotal - MemFree for a node with cgroup v2. */
  readonly usageBytes: number;
  /** Page cache that was not used lately; not a part of the working set. */
  readonly inactiveFileBytes: number;
  /** What the kernel thinks can be had without swapping (/proc/meminfo MemAvailable); of the node alone. */
  readonly memAvailableBytes?: number;
}

export interface MemoryWatchConfig {
  readonly capacityBytes: number;
  /** To be woken when less than this is available; any order. */
  readonly marksBytes: readonly number[];
  /** `MemAvailable` falls back to the working set where the reading lacks it. */
  readonly availability: "WorkingSet" | "MemAvailable";
}

export interface MemoryWatchState {
  readonly last: { readonly atMs: number; readonly availableBytes: number } | undefined;
  /** How fast available memory fell lately, bytes per millisecond. */
  readonly fallPerMs: number;
  /** Marks that were passed at the last reading. */
  readonly passed: readonly number[];
  readonly wokeAtMs: number;
  /** Of the levels that are set: usage for each mark, and those that were put before them. */
  readonly levels:
    | { readonly atMs: number; readonly marks: readonly number[]; readonly all: readonly number[] }
    | undefined;
}

export interface MemoryWatchInput {
  /** Monotonic. */
  readonly nowMs: number;
  readonly reading: MemoryReading | undefined;
  /** Whether an alarm at levels of usage stands beside the readings. */
  readonly alarm: "usage" | "stall" | "none";
}

/** Why somebody is woken. `availableBytes` is only the reason; a decision reads anew. */
export interface MemoryWake {
  /** `crossed`: a mark was passed since the last reading; `still`: one is passed for another second. */
  readonly cause: "crossed" | "still";
  readonly availableBytes: number;
  /** The lowest mark that is passed. */
  readonly markBytes: number;
}

export interface MemoryWatchPlan {
  readonly wake?: MemoryWake;
  /** Levels to set in place of those before; absent: they stay. */
  readonly levels?: readonly number[];
  /** Read again after this, whatever the alarm does. */
  readonly nextReadMs: number;
  /** Listen to the alarm again after this. */
  readonly quietMs: number;
}

const MiB = 1024 ** 2;
/** A node far from its marks. */
const LONGEST_PAUSE_MS = 1_000;
/** 20 ms at 400 MB/s are 8 MB; 50 readings a second cost a thousandth of a core. */
const SHORTEST_PAUSE_MS = 20;
/** With an alarm at levels of usage readings only correct what it cannot see. */
const SHORTEST_PAUSE_WITH_ALARM_MS = 100;
/** Growth that is reckoned with although it was never seen: several cores that touch fresh memory. */
const THINKABLE_FALL_PER_MS = 2 * MiB;
const THINKABLE_FALL_WITH_ALARM_PER_MS = MiB / 2;
/** Of a fall that was seen, how much faster it may become. */
const FALL_MARGIN = 2;
/** Whoever was woken and did not help is woken again. */
const STILL_EVERY_MS = 1_000;
const SHORTEST_QUIET_MS = 5;
const LONGEST_QUIET_MS = 50;
/** Faster than memory is made ready for anybody: while the alarm is not listened to, no mark can be passed. */
const BURST_PER_MS = 8 * MiB;
/** Setting levels anew: hastily when they are late, at leisure when they are early. */
const RESET_LATE_MS = 50;
const RESET_EARLY_MS = 250;
const [LEAST_DRIFT_BYTES, MOST_DRIFT_BYTES] = [4 * MiB, 64 * MiB];

export const INITIAL_MEMORY_WATCH: MemoryWatchState = {
  last: undefined,
  fallPerMs: 0,
  passed: [],
  wokeAtMs: -Infinity,
  levels: undefined,
};

/** Available memory by the configured measure; may be negative where more is used than there is to use. */
export function availableMemory(config: MemoryWatchConfig, reading: MemoryReading): number {
  const { availability, capacityBytes } = config;
  if (availability === "MemAvailable" && reading.memAvailableBytes !== undefined) return reading.memAvailableBytes;
  return capacityBytes - Math.max(0, reading.usageBytes - reading.inactiveFileBytes);
}

/** One reading. A missing one changes nothing and wakes nobody. */
export function stepMemoryWatch(
  config: MemoryWatchConfig,
  state: MemoryWatchState,
  input: MemoryWatchInput,
): { readonly state: MemoryWatchState; readonly plan: MemoryWatchPlan } {
  const { nowMs, reading, alarm } = input;
  if (reading === undefined) return { state, plan: { nextReadMs: LONGEST_PAUSE_MS, quietMs: LONGEST_QUIET_MS } };
  const availableBytes = availableMemory(config, reading);
  const passed = config.marksBytes.filter((mark) => availableBytes < mark);
  const wake = wakeOf(state, passed, availableBytes, nowMs);
  const fallPerMs = fallOf(state, availableBytes, nowMs);
  const levels = alarm === "usage" ? levelsOf(config, reading, availableBytes) : undefined;
  const isReset = levels !== undefined && isDue(state, levels, nowMs);
  const next: MemoryWatchState = {
    last: { atMs: nowMs, availableBytes },
    fallPerMs,
    passed,
    wokeAtMs: wake === undefined ? state.wokeAtMs : nowMs,
    levels: isReset ? { atMs: nowMs, marks: levels.marks, all: levels.all } : state.levels,
  };
  const pauses = pausesOf(nearestDistance(config, availableBytes), fallPerMs, alarm === "usage");
  const plan: MemoryWatchPlan = {
    ...(wake === undefined ? {} : { wake }),
    ...(isReset ? { levels: levels.all } : {}),
    ...pauses,
  };
  return { state: next, plan };
}

function wakeOf(
  state: MemoryWatchState,
  passed: readonly number[],
  availableBytes: number,
  nowMs: number,
): MemoryWake | undefined {
  const markBytes = Math.min(...passed);
  if (passed.some((mark) => !state.passed.includes(mark))) return { cause: "crossed", availableBytes, markBytes };
  const isDue = passed.length > 0 && nowMs - state.wokeAtMs >= STILL_EVERY_MS;
  return isDue ? { cause: "still", availableBytes, markBytes } : undefined;
}

/** A fall is believed at once and forgotten by halves. */
function fallOf({ last, fallPerMs }: MemoryWatchState, availableBytes: number, nowMs: number): number {
  if (last === undefined || nowMs <= last.atMs) return fallPerMs;
  const seen = (last.availableBytes - availableBytes) / (nowMs - last.atMs);
  return Math.max(seen, fallPerMs / 2, 0);
}

/** To the next mark that is not passed yet; with all of them passed, nothing new can happen. */
function nearestDistance({ marksBytes }: MemoryWatchConfig, availableBytes: number): number {
  const ahead = marksBytes.filter((mark) => availableBytes >= mark);
  return ahead.length === 0 ? Infinity : availableBytes - Math.max(...ahead);
}

function pausesOf(
  distance: number,
  fallPerMs: number,
  hasAlarm: boolean,
): Pick<MemoryWatchPlan, "nextReadMs" | "quietMs"> {
  const thinkable = hasAlarm ? THINKABLE_FALL_WITH_ALARM_PER_MS : THINKABLE_FALL_PER_MS;
  const reachMs = distance / Math.max(thinkable, fallPerMs * FALL_MARGIN);
  const shortest = hasAlarm ? SHORTEST_PAUSE_WITH_ALARM_MS : SHORTEST_PAUSE_MS;
  return {
    nextReadMs: Math.min(LONGEST_PAUSE_MS, Math.max(shortest, Math.floor(reachMs))),
    quietMs: Math.min(LONGEST_QUIET_MS, Math.max(SHORTEST_QUIET_MS, Math.floor(distance / BURST_PER_MS))),
  };
}

interface Levels {
  readonly marks: readonly number[];
  readonly all: readonly number[];
  readonly toleranceBytes: number;
}

/** The mark that is next comes first: its level is the one that must be in force soonest. */
function levelsOf(config: MemoryWatchConfig, { usageBytes }: MemoryReading, availableBytes: number): Levels {
  const marks = [...config.marksBytes]
    .sort((a, b) => b - a)
    .map((mark) => Math.max(0, Math.round(usageBytes + availableBytes - mark)));
  const distance = nearestDistance(config, availableBytes);
  const nearest = usageBytes + distance;
  const before =
    distance === Infinity ? [] : [nearest - distance / 8, nearest - distance / 2].map((level) => Math.round(level));
  const toleranceBytes = Math.min(
    MOST_DRIFT_BYTES,
    Math.max(LEAST_DRIFT_BYTES, Math.min(...distancesOf(marks, usageBytes)) / 16),
  );
  const first = marks.filter((level) => level >= usageBytes);
  const all = [...new Set([...first, ...before, ...marks.filter((level) => level < usageBytes)])];
  return { marks, all, toleranceBytes };
}

function distancesOf(levels: readonly number[], usageBytes: number): readonly number[] {
  return levels.map((level) => Math.abs(level - usageBytes));
}

function isDue({ levels: set }: MemoryWatchState, levels: Levels, nowMs: number): boolean {
  if (set === undefined) return true;
  const drifts = levels.marks.map((level, index) => (set.marks[index] ?? Infinity) - level);
  const ageMs = nowMs - set.atMs;
  // Set too high: usage would reach the mark without a sound.
  if (drifts.some((drift) => drift > levels.toleranceBytes)) return ageMs >= RESET_LATE_MS;
  return drifts.some((drift) => -drift > levels.toleranceBytes) && ageMs >= RESET_EARLY_MS;
}
