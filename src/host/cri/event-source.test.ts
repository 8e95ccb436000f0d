import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import type { PodSandboxStatus } from "../../core/cri/types.ts";
import type { Clock } from "../../ports/clock.ts";
import { RuntimeError } from "../../ports/errors.ts";
import type { RuntimeEvent, RuntimeEventSource } from "../../ports/runtime.ts";
import { toRuntimeEvents } from "./containerd-event-source.ts";
import { taskExit } from "./event-schema.ts";
import { encode } from "./message.ts";
import { firstImplemented } from "./runtime-event-source.ts";
import { settleStops } from "./settle-stops.ts";

/** Time passes only by sleeping, and then at once. */
function leapingClock(): Clock {
  let time = 0;
  const sleep = async (ms: number) => {
    time += ms;
    return true;
  };
  return { now: () => time, monotonic: () => time, sleep, after: () => () => {} };
}

const event = (kind: RuntimeEvent["kind"], containerId = "c"): RuntimeEvent => ({ kind, containerId, timestampMs: 0 });
const never = new AbortController().signal;
const turns = async (count = 50) => {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
};

function sourceOf(
  events: readonly RuntimeEvent[],
  afterwards: () => Promise<void> = () => turns(2000),
): RuntimeEventSource {
  return {
    async run(onConnected, onEvent) {
      onConnected();
      for (const each of events) onEvent(each);
      await afterwards();
    },
  };
}

/** `running`: how often the status still says that the container runs. */
function runtimeWith(running: number) {
  let asked = 0;
  return {
    asked: () => asked,
    async containerStatus() {
      asked++;
      const state = asked <= running ? "CONTAINER_RUNNING" : "CONTAINER_EXITED";
      return { state } as never;
    },
    async podSandboxStatus(): Promise<PodSandboxStatus | undefined> {
      return undefined;
    },
  };
}

async function collect(source: RuntimeEventSource): Promise<readonly string[]> {
  const seen: string[] = [];
  await source.run(
    () => seen.push("connected"),
    ({ kind, containerId }) => seen.push(`${kind} ${containerId}`),
    never,
  );
  return seen;
}

describe("settled stops", () => {
  it("hold a stop back until the status agrees, and no other container's event", async () => {
    const runtime = runtimeWith(3);
    const source = settleStops(sourceOf([event("stopped"), event("started", "other")]), runtime, leapingClock());
    assert.deepEqual(await collect(source), ["connected", "started other", "stopped c"]);
    assert.equal(runtime.asked(), 4);
  });

  it("keep the order of one container: what follows sets the stop free", async () => {
    const source = settleStops(sourceOf([event("stopped"), event("deleted")]), runtimeWith(1000), leapingClock());
    assert.deepEqual(await collect(source), ["connected", "stopped c", "deleted c"]);
  });

  it("give up after two seconds, or when the runtime does not answer", async () => {
    const stubborn = settleStops(sourceOf([event("stopped")]), runtimeWith(1000), leapingClock());
    assert.deepEqual(await collect(stubborn), ["connected", "stopped c"]);
    const mute = {
      ...runtimeWith(0),
      containerStatus: () => Promise.reject(new RuntimeError("Unavailable", "ContainerStatus", "gone")),
    };
    const source = settleStops(sourceOf([event("stopped")]), mute, leapingClock());
    assert.deepEqual(await collect(source), ["connected", "stopped c"]);
  });

  it("wait for a sandbox too, and say nothing once the stream has ended", async () => {
    let asked = 0;
    const sandbox = {
      containerStatus: async () => undefined,
      podSandboxStatus: async () => {
        asked++;
        return { state: asked < 3 ? "SANDBOX_READY" : "SANDBOX_NOTREADY" } as never;
      },
    };
    const source = settleStops(sourceOf([event("stopped")]), sandbox, leapingClock());
    assert.deepEqual(await collect(source), ["connected", "stopped c"]);
    assert.equal(asked, 3);
    const cut = settleStops(
      sourceOf([event("stopped")], async () => {}),
      runtimeWith(5),
      leapingClock(),
    );
    const seen = await collect(cut);
    await turns(2000);
    assert.deepEqual(seen, ["connected"]);
  });
});

describe("containerd's events", () => {
  const exit = (containerId: string, processId: string) =>
    toRuntimeEvents({
      timestamp: { seconds: 1_700_000_000, nanos: 500_000_000 },
      topic: "/tasks/exit",
      event: Buffer.from(
        encode(taskExit, { containerId, processId, exitStatus: 137, exitedAt: { seconds: 1_700_000_000, nanos: 0 } }),
      ),
    });

  it("take the end of a container's first process for its exit and stop, and an exec's for nothing", () => {
    const told = { containerId: "c", timestampMs: 1_700_000_000_500 };
    assert.deepEqual(exit("c", "c"), [
      { kind: "exited", ...told, exit: { code: 137, atMs: 1_700_000_000_000 } },
      { kind: "stopped", ...told },
    ]);
    assert.deepEqual(exit("c", "exec"), []);
  });
});

describe("the choice of the event stream", () => {
  const failing = (code: "Unimplemented" | "Unavailable"): RuntimeEventSource => ({
    run: () => Promise.reject(new RuntimeError(code, "Events", "")),
  });

  it("goes on to the next one only where the first does not exist", async () => {
    assert.deepEqual(await collect(firstImplemented([failing("Unimplemented"), sourceOf([])])), ["connected"]);
    const fails = (code: string) => (error: unknown) => error instanceof RuntimeError && error.code === code;
    await assert.rejects(collect(firstImplemented([failing("Unavailable"), sourceOf([])])), fails("Unavailable"));
    await assert.rejects(
      collect(firstImplemented([failing("Unimplemented"), failing("Unimplemented")])),
      fails("Unimplemented"),
    );
  });
});
