import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../test/support/fakes-clock.ts";
import { FakeCgroups, FakeLog } from "../../../test/support/fakes-ports.ts";
import type { Pod } from "../../core/api/types.ts";
import type { CgroupName, CgroupResources } from "../../core/cgroup/types.ts";
import { PodCgroups } from "./pod-cgroups.ts";

class RecordingCgroups extends FakeCgroups {
  readonly shares: (readonly [name: string, shares: number | undefined])[] = [];

  override update(name: CgroupName, resources?: CgroupResources): Promise<boolean> {
    this.shares.push([name.join("/"), resources?.cpuShares]);
    return super.update(name);
  }
}

function burstable(uid: string): Pod {
  return { metadata: { uid }, spec: { containers: [{ name: "c", resources: { requests: { cpu: "100m" } } }] } };
}

function podCgroups(cgroups: FakeCgroups, active: readonly Pod[]): PodCgroups {
  return new PodCgroups(
    { clock: new FakeClock(), log: new FakeLog(), cgroups },
    {
      node: {
        capacity: { cpu: "2" },
        reservations: {},
        enforce: [],
        systemReservedCgroup: "",
        kubeReservedCgroup: "",
        hugePageSizes: [],
      },
      pod: { enforceCpuLimits: true, podPidsLimit: -1, hugePageSizes: [] },
      activePods: () => active,
    },
  );
}

test("the classes of pods that an earlier agent left keep their shares until the pods are known", async () => {
  const cgroups = new RecordingCgroups();
  const pods = [burstable("a"), burstable("b")];
  for (const { metadata } of pods) await cgroups.ensure(["kubepods", "burstable", `pod${metadata?.uid}`]);
  const active: Pod[] = [];
  const managed = podCgroups(cgroups, active);
  const abort = new AbortController();
  await managed.start(abort.signal);
  assert.equal(cgroups.shares.length, 0);
  active.push(...pods);
  await Promise.all(pods.map((pod) => managed.ensurePod(pod)));
  assert.deepEqual(
    cgroups.shares.filter(([name]) => name === "kubepods/burstable"),
    [["kubepods/burstable", 204]],
  );
  abort.abort();
  await managed.stop();
});

test("a class follows pods that come and go, with one update for many", async () => {
  const cgroups = new RecordingCgroups();
  const active: Pod[] = [];
  const managed = podCgroups(cgroups, active);
  const abort = new AbortController();
  await managed.start(abort.signal);
  const pods = ["a", "b", "c"].map(burstable);
  active.push(...pods);
  await Promise.all(pods.map((pod) => managed.ensurePod(pod)));
  active.length = 1;
  await managed.removePod("b");
  const written = cgroups.shares.filter(([name]) => name === "kubepods/burstable").map(([, shares]) => shares);
  assert.deepEqual(written, [2, 307, 102]);
  abort.abort();
  await managed.stop();
});
