/** One measurement for the eviction manager: everything that a decision rests on, read for this decision. */
import {
  type EvictionConfig,
  type EvictionInput,
  isThresholdMet,
  observeSignals,
  SIGNALS,
} from "../../core/eviction/index.ts";
import { undated } from "../../core/eviction/undated.ts";
import type { Summary } from "../../core/stats/summary.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { StatsManager } from "../stats/stats-manager.ts";

export interface MeasurePorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly stats: Pick<StatsManager, "summary" | "nodeMemory" | "refreshDisk">;
}

export type Measurement = Pick<EvictionInput, "summary" | "memory">;

/** Which pods take the disk is measured anew when a disk runs short; not for longer than this. */
const DISK_LIMIT_MS = 15_000;

/** Without a summary where it could not be read: then nothing is decided. */
export async function measurePressure(
  ports: MeasurePorts,
  config: EvictionConfig,
  uids: readonly string[],
  signal: AbortSignal,
): Promise<Measurement> {
  const first = await readSummary(ports);
  if (first === undefined) return {};
  const isDiskShort = config.thresholds.some(
    (threshold) =>
      SIGNALS[threshold.signal].filesystem !== undefined &&
      isThresholdMet(threshold, observeSignals(first, undefined, config.policy).signals, { enforceMinReclaim: true }),
  );
  if (!isDiskShort) return measurement(ports, first);
  await refreshDisk(ports, uids, signal);
  return measurement(ports, (await readSummary(ports)) ?? first);
}

async function refreshDisk({ clock, log, stats }: MeasurePorts, uids: readonly string[], signal: AbortSignal) {
  const limit = new AbortController();
  const { promise: isOver, resolve } = Promise.withResolvers<void>();
  const onAbort = () => {
    limit.abort();
    resolve();
  };
  signal.addEventListener("abort", onAbort, { once: true });
  const cancel = clock.after(DISK_LIMIT_MS, onAbort);
  const measured = stats
    .refreshDisk(uids, limit.signal)
    .catch((error: unknown) => log.warn("disk usage of pods not measured", { error: errorMessage(error) }));
  // A walk that hangs on a dead disk does not heed the signal.
  await Promise.race([measured, isOver]);
  cancel();
  signal.removeEventListener("abort", onAbort);
}

async function readSummary({ stats, log }: MeasurePorts): Promise<Summary | undefined> {
  try {
    return undated(await stats.summary({ fresh: true }));
  } catch (error) {
    log.warn("no statistics for eviction", { error: errorMessage(error) });
    return undefined;
  }
}

function measurement({ stats }: MeasurePorts, summary: Summary): Measurement {
  const { kernelAvailableBytes, podsActiveFileBytes } = stats.nodeMemory();
  return {
    summary,
    memory: {
      ...(kernelAvailableBytes !== undefined && { memAvailableBytes: kernelAvailableBytes }),
      ...(podsActiveFileBytes !== undefined && { podsActiveFileBytes }),
    },
  };
}
