import type { Clock } from "../../ports/clock.ts";
import type { RuntimeEvent, RuntimeEventSource, RuntimeService } from "../../ports/runtime.ts";

const FIRST_LOOK_MS = 2;
const LONGEST_PAUSE_MS = 40;
const GIVE_UP_MS = 2000;

/**
 * Holds each "stopped" back until the runtime's own status agrees: containerd tells of an exit when the process ends, and
 * its CRI plugin writes the status down later (40 ms are usual). Whoever asks at the event must not be told "running".
 * Events of one container stay in order; those of others are not held up.
 */
export function settleStops(
  source: RuntimeEventSource,
  runtime: Pick<RuntimeService, "containerStatus" | "podSandboxStatus">,
  clock: Clock,
): RuntimeEventSource {
  return {
    run(onConnected, onEvent, signal) {
      const held = new Map<string, RuntimeEvent>();
      const release = (event: RuntimeEvent) => {
        if (signal.aborted || held.get(event.containerId) !== event) return;
        held.delete(event.containerId);
        onEvent(event);
      };
      const deliver = (event: RuntimeEvent) => {
        const earlier = held.get(event.containerId);
        if (earlier !== undefined) release(earlier);
        if (event.kind !== "stopped") {
          onEvent(event);
          return;
        }
        held.set(event.containerId, event);
        void untilStopped(event.containerId, () => held.get(event.containerId) === event, signal).then(() =>
          release(event),
        );
      };
      return source.run(onConnected, deliver, signal).finally(() => held.clear());
    },
  };

  async function untilStopped(id: string, wanted: () => boolean, signal: AbortSignal): Promise<void> {
    const deadline = clock.monotonic() + GIVE_UP_MS;
    let pauseMs = FIRST_LOOK_MS;
    while (wanted() && clock.monotonic() < deadline && (await clock.sleep(pauseMs, signal))) {
      if (!wanted() || !(await isRunning(id, signal))) return;
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    }
  }

  /** A runtime that cannot answer is not asked again: the event goes out as it is. */
  async function isRunning(id: string, signal: AbortSignal): Promise<boolean> {
    try {
      const container = await runtime.containerStatus(id, { timeoutMs: GIVE_UP_MS, signal });
      if (container !== undefined) return container.state === "CONTAINER_RUNNING";
      const sandbox = await runtime.podSandboxStatus(id, { timeoutMs: GIVE_UP_MS, signal });
      return sandbox?.state === "SANDBOX_READY";
    } catch {
      return false;
    }
  }
}
