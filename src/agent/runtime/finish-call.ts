import type { Clock } from "../../ports/clock.ts";

/** So long a call goes on after its pod was given up; a runtime that hangs longer is not waited for. */
const PATIENCE_MS = 10_000;

/**
 * A runtime call that makes or starts something is not broken off half-way when `signal` is aborted: it gets time to
 * come to its end. containerd leaves a task behind that nobody can remove when a start is broken off at a bad moment.
 */
export async function finishCall<T>(
  clock: Clock,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const breakOff = new AbortController();
  let cancel = () => {};
  const onAbort = () => {
    cancel = clock.after(PATIENCE_MS, () => breakOff.abort());
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await call(breakOff.signal);
  } finally {
    signal.removeEventListener("abort", onAbort);
    cancel();
  }
}
