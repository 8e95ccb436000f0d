import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RuntimeEvent } from "../../src/ports/runtime.ts";
import { eventually, type RuntimeUnderTest, settled, untilExited, withPod } from "./runtime-fixture.ts";

/** Runs the stream around `use`, which gets what came so far. */
async function withEvents(
  subject: RuntimeUnderTest,
  use: (seen: readonly RuntimeEvent[]) => Promise<void>,
  onEvent: (event: RuntimeEvent) => void = () => {},
): Promise<void> {
  const controller = new AbortController();
  const seen: RuntimeEvent[] = [];
  let connected = 0;
  const run = subject.events.run(
    () => {
      connected++;
    },
    (event) => {
      seen.push(event);
      onEvent(event);
    },
    controller.signal,
  );
  run.catch(() => {});
  try {
    await eventually(
      subject,
      () => connected,
      (count) => count > 0,
    );
    await use(seen);
  } finally {
    controller.abort();
    await settled(subject, run);
  }
  assert.equal(connected, 1);
}

export function eventClaims(use: () => RuntimeUnderTest): void {
  describe("events", () => {
    it("tells of one container's life in its order, and an exec in it does not look like its end", async () => {
      const subject = use();
      const { runtime, commands } = subject;
      await withEvents(subject, async (seen) => {
        await withPod(subject, async ({ start }) => {
          const id = await start(commands.sleep);
          // Not every runtime tells `exited`.
          const own = () => seen.filter((event) => event.containerId === id && event.kind !== "exited");
          const kinds = () => own().map((event) => event.kind);
          await settled(subject, runtime.execSync(id, commands.exitWith(0), 10));
          await settled(subject, runtime.stopContainer(id, 0));
          await settled(subject, runtime.removeContainer(id));
          await eventually(subject, kinds, (list) => list.includes("deleted"));
          assert.deepEqual(kinds(), ["created", "started", "stopped", "deleted"]);
        });
      });
    });

    it("says stopped no earlier than the status does", async () => {
      const subject = use();
      const { runtime, commands } = subject;
      const states: Promise<string | undefined>[] = [];
      await withEvents(
        subject,
        (seen) =>
          withPod(subject, async ({ start }) => {
            const id = await start(commands.exitWith(3));
            await eventually(
              subject,
              () => seen.filter((event) => event.containerId === id).map((event) => event.kind),
              (list) => list.includes("stopped"),
            );
          }),
        (event) => {
          if (event.kind !== "stopped") return;
          states.push(runtime.containerStatus(event.containerId).then((status) => status?.state));
        },
      );
      // The first is the container's; those of its sandbox follow and are no containers to this call.
      assert.equal(await states[0], "CONTAINER_EXITED");
    });

    it("gives the time of each event", async () => {
      const subject = use();
      await withEvents(subject, async (seen) => {
        await withPod(subject, async ({ start }) => {
          const exited = await untilExited(subject, await start(subject.commands.exitWith(0)));
          const stopped = await eventually(
            subject,
            () => seen.find((event) => event.kind === "stopped" && event.containerId === exited?.id),
            (event) => event !== undefined,
          );
          assert.ok(Math.abs((stopped?.timestampMs ?? 0) - (exited?.finishedAtMs ?? 0)) < 1000);
        });
      });
    });

    it("ends without failure when its signal is aborted, before or after it began", async () => {
      const subject = use();
      const controller = new AbortController();
      controller.abort();
      await settled(
        subject,
        subject.events.run(
          () => {},
          () => {},
          controller.signal,
        ),
      );
      await withEvents(subject, async () => {});
    });
  });
}
