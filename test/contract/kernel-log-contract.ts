import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { CgroupName } from "../../src/core/cgroup/types.ts";
import { NO_OOM, type OomKill, type OomMessagesState, stepOomMessages } from "../../src/core/oom/oom-messages.ts";
import { cgroupOwner } from "../../src/core/oom/oom-place.ts";
import type { KernelLog, KernelLogRecord } from "../../src/ports/kernel-log.ts";
import type { OomCounters } from "../../src/ports/oom-counters.ts";

export interface KernelLogUnderTest {
  readonly log: KernelLog;
  readonly counters: OomCounters;
  readonly pod: CgroupName;
  readonly podUid: string;
  readonly containerId: string;
  /** The kernel kills a process in the container for want of memory; resolves with its id once it has. */
  readonly killForMemory: () => Promise<number>;
  readonly now: () => number;
  readonly pass: (ms: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** What every KernelLog and OomCounters must hold of a kill for want of memory. */
export function kernelLogContract(name: string, create: () => Promise<KernelLogUnderTest>): void {
  describe(`KernelLog and OomCounters: ${name}`, () => {
    let under: KernelLogUnderTest;
    beforeEach(async () => {
      under = await create();
    });
    afterEach(() => under.close());

    it("tells a kill at once, and nothing of before", async (t) => {
      await under.killForMemory();
      const abort = new AbortController();
      const records: KernelLogRecord[] = [];
      const done = under.log.follow((record) => records.push(record), abort.signal);
      t.after(() => abort.abort());
      await under.pass(100);
      assert.deepEqual(killsIn(records, under), []);
      const pid = await under.killForMemory();
      for (let waited = 0; waited < 2_000 && killsIn(records, under).length === 0; waited += 10) await under.pass(10);
      const [kill, ...others] = killsIn(records, under);
      assert.ok(kill);
      assert.equal(kill.scope, "cgroup");
      assert.equal(kill.pid, pid);
      assert.ok(Math.abs(kill.atMs - under.now()) < 2_000);
      const owner = { podUid: under.podUid, containerId: under.containerId };
      assert.deepEqual(cgroupOwner(kill.victimCgroup ?? ""), owner);
      assert.deepEqual(cgroupOwner(kill.limitCgroup ?? ""), owner);
      assert.deepEqual(others, []);
      const sequences = records.map(({ sequence }) => sequence);
      assert.deepEqual(
        sequences,
        sequences.toSorted((a, b) => a - b),
      );
      abort.abort();
      assert.equal(await done, true);
    });

    it("ends when it is told to, before it begins, too", async () => {
      const abort = new AbortController();
      const done = under.log.follow(() => {}, abort.signal);
      await under.pass(20);
      abort.abort();
      assert.equal(await done, true);
      assert.equal(await under.log.follow(() => {}, abort.signal), true);
    });

    it("counts kills by container, and knows nothing of a pod that is not there", async () => {
      const count = async () => (await under.counters.read(under.pod)).get(under.containerId) ?? 0;
      const before = await count();
      await under.killForMemory();
      await under.killForMemory();
      assert.equal(await count(), before + 2);
      assert.deepEqual([...(await under.counters.read(["kubepods", "podnowhere"]))], []);
    });
  });
}

function killsIn(records: readonly KernelLogRecord[], { podUid }: KernelLogUnderTest): readonly OomKill[] {
  let state: OomMessagesState = NO_OOM;
  const kills = records.flatMap((record) => {
    const result = stepOomMessages(state, record);
    state = result.state;
    return result.kill ?? [];
  });
  return kills.filter(({ victimCgroup = "" }) => cgroupOwner(victimCgroup).podUid === podUid);
}
