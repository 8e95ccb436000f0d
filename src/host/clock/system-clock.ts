import type { Cancel, Clock } from "../../ports/clock.ts";

const longestTimerMs = 2 ** 31 - 1;

/** The Clock of this machine: wall clock, CLOCK_MONOTONIC and the event loop's timers. */
export function createSystemClock(): Clock {
  return { now: Date.now, monotonic, sleep, after };
}

function monotonic(): number {
  return performance.now();
}

function after(ms: number, run: () => void): Cancel {
  const deadline = monotonic() + Math.max(0, ms);
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    const remainingMs = Math.max(0, Math.ceil(deadline - monotonic()));
    timer = setTimeout(fire, Math.min(longestTimerMs, remainingMs));
  };
  // The event loop counts from the start of its turn, so a timer may fire early; and it cannot count past 24 days.
  const fire = (): void => {
    if (monotonic() < deadline) {
      arm();
      return;
    }
    timer = undefined;
    run();
  };
  arm();
  return () => {
    clearTimeout(timer);
    timer = undefined;
  };
}

function sleep(ms: number, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve(false);
    const wake = (): void => {
      cancel();
      resolve(false);
    };
    const cancel = after(ms, () => {
      signal?.removeEventListener("abort", wake);
      resolve(true);
    });
    signal?.addEventListener("abort", wake, { once: true });
  });
}
