import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Clock } from "../../src/ports/clock.ts";

export interface ClockUnderTest {
  readonly clock: Clock;
  /** Lets `ms` pass: a virtual clock is moved, a real one waited for. */
  readonly pass: (ms: number) => Promise<void>;
}

/** What every Clock must hold. */
export function clockContract(name: string, create: () => ClockUnderTest): void {
  describe(`Clock: ${name}`, () => {
    it("tells wall time in whole days past 1970 and monotonic time that grows", async () => {
      const { clock, pass } = create();
      const [wall, start] = [clock.now(), clock.monotonic()];
      await pass(20);
      assert.ok(wall > 86_400_000, "wall clock counts from 1970");
      assert.ok(clock.monotonic() - start >= 20);
    });

    it("sleeps at least as long as asked and says true", async () => {
      const { clock, pass } = create();
      const start = clock.monotonic();
      const slept = clock.sleep(15).then((full) => ({ full, took: clock.monotonic() - start }));
      await pass(40);
      const { full, took } = await slept;
      assert.equal(full, true);
      assert.ok(took >= 15, `${took} ms`);
    });

    it("ends a sleep with false when the signal is aborted", async () => {
      const { clock } = create();
      const controller = new AbortController();
      const slept = clock.sleep(3_600_000, controller.signal);
      controller.abort();
      assert.equal(await slept, false);
    });

    it("does not sleep at all when the signal was aborted before", async () => {
      const { clock } = create();
      const controller = new AbortController();
      controller.abort();
      assert.equal(await clock.sleep(3_600_000, controller.signal), false);
    });

    it("runs a timer once, and never after it was cancelled", async () => {
      const { clock, pass } = create();
      const ran: string[] = [];
      const cancelFirst = clock.after(5, () => ran.push("first"));
      const cancelSecond = clock.after(5, () => ran.push("second"));
      cancelSecond();
      cancelSecond();
      await pass(50);
      cancelFirst();
      assert.deepEqual(ran, ["first"]);
    });

    it("runs timers in the order of their times", async () => {
      const { clock, pass } = create();
      const ran: number[] = [];
      for (const ms of [30, 10, 20]) clock.after(ms, () => ran.push(ms));
      await pass(80);
      assert.deepEqual(ran, [10, 20, 30]);
    });

    it("takes a timer of no time or of the past as due at once, but not before the caller goes on", async () => {
      const { clock, pass } = create();
      const ran: string[] = [];
      clock.after(-5, () => ran.push("timer"));
      ran.push("caller");
      await pass(20);
      assert.deepEqual(ran, ["caller", "timer"]);
    });
  });
}
