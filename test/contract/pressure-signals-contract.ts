import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { MemoryAlarm, MemoryScope, PressureSignals } from "../../src/ports/pressure-signals.ts";

export interface SignalsUnderTest {
  readonly signals: PressureSignals;
  /** A cgroup that is there, with room for 64 MiB. */
  readonly scope: MemoryScope;
  /** Something in the cgroup takes so much more memory. */
  readonly take: (bytes: number) => Promise<void>;
  /** It gives back all that it took. */
  readonly giveBack: () => Promise<void>;
  readonly removeCgroup: () => Promise<void>;
  readonly pass: (ms: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

const MiB = 1024 * 1024;
/** What the kernel counts by the batch. */
const BLUR = 2 * MiB;

/** What every PressureSignals must hold. Alarms at levels of usage are cgroup v1's alone. */
export function pressureSignalsContract(name: string, create: () => Promise<SignalsUnderTest>): void {
  describe(`PressureSignals: ${name}`, () => {
    let under: SignalsUnderTest;
    let opened: MemoryAlarm | undefined;
    const abort = new AbortController();
    beforeEach(async () => {
      under = await create();
      opened = undefined;
    });
    afterEach(async () => {
      opened?.close();
      await under.close();
    });

    async function open(): Promise<MemoryAlarm | undefined> {
      opened = await under.signals.openMemoryAlarm(under.scope);
      return opened;
    }

    /** An alarm at levels above what is used now, its first ring heard. */
    async function openAt(...aboveNow: readonly number[]): Promise<MemoryAlarm | undefined> {
      const alarm = await open();
      if (alarm?.kind !== "usage") return undefined;
      await set(alarm, ...aboveNow);
      return alarm;
    }

    async function set(alarm: MemoryAlarm, ...aboveNow: readonly number[]): Promise<void> {
      const usage = under.signals.readMemory(under.scope)?.usageBytes ?? 0;
      const done = alarm.setLevels(aboveNow.map((bytes) => usage + bytes));
      await under.pass(200);
      await done;
      assert.equal(await rings(alarm), true, "it rings once when it is set");
    }

    /** Whether it goes off within the time. */
    async function rings(alarm: MemoryAlarm, withinMs = 300): Promise<boolean> {
      const patience = new AbortController();
      const result = alarm.wait(patience.signal);
      let isOver = false;
      void result.then(() => {
        isOver = true;
      });
      for (let waited = 0; waited < withinMs && !isOver; waited += 10) await under.pass(10);
      patience.abort();
      return result;
    }

    it("reads what is used", async () => {
      const before = under.signals.readMemory(under.scope);
      await under.take(16 * MiB);
      const after = under.signals.readMemory(under.scope);
      assert.ok(before && after);
      const grown = after.usageBytes - before.usageBytes;
      assert.ok(grown >= 16 * MiB - BLUR && grown <= 20 * MiB, `${grown / MiB} MiB`);
      assert.ok(after.inactiveFileBytes <= after.usageBytes);
    });

    it("reads the whole node, with what the kernel deems available", () => {
      const reading = under.signals.readMemory({ kind: "node" });
      assert.ok(reading && reading.usageBytes > 0 && (reading.memAvailableBytes ?? 0) > 0);
    });

    it("has no reading and no alarm of what is not there, and both once it is", async () => {
      const absent: MemoryScope = { kind: "cgroup", name: ["no", "such", "cgroup"] };
      assert.equal(under.signals.readMemory(absent), undefined);
      assert.equal(await under.signals.openMemoryAlarm(absent), undefined);
    });

    it("goes off when usage crosses a level, up and down, and not before", async (context) => {
      const alarm = await openAt(12 * MiB);
      if (alarm === undefined) return context.skip("no levels of usage here");
      await under.take(4 * MiB);
      assert.equal(await rings(alarm), false);
      await under.take(12 * MiB);
      assert.equal(await rings(alarm), true);
      await under.giveBack();
      assert.equal(await rings(alarm), true);
    });

    it("goes off at each of several levels", async (context) => {
      const alarm = await openAt(28 * MiB, 18 * MiB, 8 * MiB);
      if (alarm === undefined) return context.skip("no levels of usage here");
      for (let step = 0; step < 3; step++) {
        await under.take(11 * MiB);
        assert.equal(await rings(alarm), true);
        assert.equal(await rings(alarm, 50), false);
      }
    });

    it("remembers that it went off while nobody waited, once", async (context) => {
      const alarm = await openAt(4 * MiB, 8 * MiB);
      if (alarm === undefined) return context.skip("no levels of usage here");
      await under.take(12 * MiB);
      await under.pass(50);
      assert.equal(await rings(alarm), true);
      assert.equal(await rings(alarm, 50), false);
    });

    it("forgets the levels that are replaced", async (context) => {
      const alarm = await openAt(8 * MiB);
      if (alarm === undefined) return context.skip("no levels of usage here");
      await set(alarm, 40 * MiB);
      await under.take(16 * MiB);
      assert.equal(await rings(alarm), false);
    });

    it("ends a wait that is aborted, and goes on", async (context) => {
      const alarm = await open();
      if (alarm === undefined) return context.skip("no alarm here");
      const once = new AbortController();
      const waiting = alarm.wait(once.signal);
      once.abort();
      assert.equal(await waiting, false);
      assert.equal(await alarm.wait(once.signal), false);
    });

    it("ends the wait when it is closed, which may be done twice", async (context) => {
      const alarm = await open();
      if (alarm === undefined) return context.skip("no alarm here");
      const waiting = alarm.wait(abort.signal);
      alarm.close();
      alarm.close();
      assert.equal(await waiting, false);
      assert.equal(await alarm.wait(abort.signal), false);
    });

    it("ends, or goes off, when its cgroup is removed: nobody waits for ever", async (context) => {
      const alarm = await openAt(8 * MiB);
      if (alarm === undefined) return context.skip("no levels of usage here");
      await under.removeCgroup();
      if (await rings(alarm)) assert.equal(under.signals.readMemory(under.scope), undefined);
    });
  });
}
