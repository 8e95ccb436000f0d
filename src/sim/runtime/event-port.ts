/** The runtime's event stream over a line: events come late, twice, in another order or not at all, as `fates` say. */
import { RuntimeError } from "../../ports/errors.ts";
import type { RuntimeEvent, RuntimeEventSource } from "../../ports/runtime.ts";
import type { Line } from "../line.ts";
import type { VirtualTime } from "../time/virtual-time.ts";
import type { SimRuntime } from "./sim-runtime.ts";

export interface EventFates {
  /** This runtime has an event stream. */
  readonly exists: () => boolean;
  /** Events name their pod. */
  readonly namesPod: () => boolean;
  /** One delay in milliseconds for each time the event is delivered. */
  readonly delays: (event: RuntimeEvent) => readonly number[];
  readonly connectMs: () => number;
  /** A stream can be made now. */
  readonly reachable: () => boolean;
}

/** What can be done to streams from outside. */
export interface EventStreams {
  readonly source: RuntimeEventSource;
  /** Ends every open stream. */
  readonly breakAll: () => void;
}

export function simEventStreams(runtime: SimRuntime, time: VirtualTime, line: Line, fates: EventFates): EventStreams {
  let open: readonly (() => void)[] = [];
  const run: RuntimeEventSource["run"] = (onConnected, onEvent, signal) =>
    new Promise((resolve, reject) => {
      if (!fates.exists()) {
        reject(new RuntimeError("Unimplemented", "GetContainerEvents", "unknown method GetContainerEvents"));
        return;
      }
      let unlisten = () => {};
      let standing = true;
      const end = () => {
        if (!standing) return;
        standing = false;
        unlisten();
        open = open.filter((other) => other !== end);
        line.deliver(resolve);
      };
      if (signal.aborted) return end();
      signal.addEventListener("abort", end, { once: true });
      open = [...open, end];
      time.after(fates.connectMs(), () => {
        if (!standing) return;
        if (!fates.reachable()) {
          standing = false;
          line.deliver(() => reject(new RuntimeError("Unavailable", "GetContainerEvents", "connection refused")));
          return;
        }
        unlisten = runtime.listen((event) => {
          for (const delayMs of fates.delays(event)) {
            time.after(delayMs, () => {
              if (standing) line.deliver(() => onEvent(fates.namesPod() ? event : withoutPod(event)));
            });
          }
        });
        line.deliver(onConnected);
      });
    });
  return {
    source: { run },
    breakAll: () => {
      for (const end of open) end();
    },
  };
}

function withoutPod({ kind, containerId, timestampMs }: RuntimeEvent): RuntimeEvent {
  return { kind, containerId, timestampMs };
}
