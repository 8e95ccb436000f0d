/** The agent's memory watch on this machine's kernel: how soon it wakes, and what does not wake it. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { watchMemory } from "../../src/agent/pressure/watch-memory.ts";
import type { MemoryWake } from "../../src/core/pressure/memory-watch.ts";
import { createSystemClock } from "../../src/host/clock/system-clock.ts";
import { createLog } from "../../src/host/log/create-log.ts";
import type { PressureSignals } from "../../src/ports/pressure-signals.ts";
import { createMemoryWorld, type MemoryWorld } from "./memory-world.ts";

const MiB = 1024 * 1024;
const capacityBytes = 96 * MiB;
const markBytes = 32 * MiB;
const clock = createSystemClock();
const log = createLog({ level: "error", format: "text", write: () => {} });

interface Woken extends MemoryWake {
  /** What was available when the wake arrived. */
  readonly leftBytes: number;
}

describe("the memory watch on this machine", () => {
  let world: MemoryWorld;
  let abort: AbortController;
  let woken: Woken[];
  let done: Promise<void>;
  beforeEach(async () => {
    world = await createMemoryWorld(capacityBytes);
    abort = new AbortController();
    woken = [];
  });
  afterEach(async () => {
    abort.abort();
    await done;
    await world.close();
  });

  function watch(signals: PressureSignals): void {
    const { scope } = world;
    const onWake = (wake: MemoryWake) => {
      const reading = world.signals.readMemory(scope);
      const used = reading === undefined ? 0 : reading.usageBytes - reading.inactiveFileBytes;
      woken.push({ ...wake, leftBytes: capacityBytes - used });
    };
    const options = { scope, capacityBytes, marksBytes: [markBytes], availability: "WorkingSet" } as const;
    done = watchMemory({ clock, log, signals }, options, onWake, abort.signal);
  }

  async function untilWoken(ms: number): Promise<Woken | undefined> {
    for (let waited = 0; waited < ms && woken.length === 0; waited += 5) await sleep(5);
    return woken[0];
  }

  // One MiB each 2 ms are 500 MB/s as long as nobody else needs the cores.
  for (const [name, signalsOf] of [
    ["the kernel's alarm", (signals: PressureSignals) => signals],
    ["readings alone", (signals: PressureSignals) => ({ ...signals, openMemoryAlarm: async () => undefined })],
  ] as const) {
    it(`wakes for a hog with ${name}, soon and once`, async (context) => {
      watch(signalsOf(world.signals));
      await sleep(150);
      await world.command(`grow ${76 * MiB} 2`);
      const wake = await untilWoken(5_000);
      assert.equal(wake?.cause, "crossed");
      assert.ok(wake.availableBytes < markBytes);
      context.diagnostic(`${((markBytes - wake.leftBytes) / MiB).toFixed(1)} MiB past the mark`);
      assert.ok(wake.leftBytes > 8 * MiB, `${wake.leftBytes / MiB} MiB left`);
      await sleep(300);
      assert.equal(woken.length, 1);
    });
  }

  it("is not woken by page cache that grows through the mark, and is by what comes on top", async () => {
    const path = join(tmpdir(), `tskubelet-cache-${process.pid}`);
    watch(world.signals);
    try {
      await world.command(`write ${path} ${48 * MiB}`);
      await sleep(1_200);
      const reading = world.signals.readMemory(world.scope);
      assert.ok(reading && reading.usageBytes > 40 * MiB, "the cache is counted");
      assert.deepEqual(woken, []);
      await world.take(72 * MiB);
      assert.equal((await untilWoken(3_000))?.cause, "crossed");
    } finally {
      await rm(path, { force: true });
    }
  });

  it("survives a cgroup that is removed, and ends when it is told to", async () => {
    watch(world.signals);
    await sleep(100);
    await world.removeCgroup();
    await sleep(100);
    assert.deepEqual(woken, []);
    abort.abort();
    await done;
  });
});
