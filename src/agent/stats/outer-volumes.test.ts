import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../test/support/fakes-clock.ts";
import { FakeLog } from "../../../test/support/fakes-ports.ts";
import { FakeStats } from "../../../test/support/fakes-stats.ts";
import { type MeasuredVolume, OuterVolumes } from "./outer-volumes.ts";

const SIGNAL = new AbortController().signal;

/** Pods with one volume each, which says how often it was asked; that of "dead" answers when it is told to. */
function world() {
  const clock = new FakeClock();
  const asked: string[] = [];
  const { promise: back, resolve: comeBack } = Promise.withResolvers<void>();
  let isAway = true;
  void back.then(() => {
    isAway = false;
  });
  const measure = async (uid: string): Promise<readonly MeasuredVolume[]> => {
    asked.push(uid);
    if (uid === "dead" && isAway) await back;
    return [
      {
        name: uid,
        path: `/${uid}`,
        measure: { kind: "figures", usage: { usedBytes: asked.length }, room: { capacityBytes: 9, availableBytes: 1 } },
      },
    ];
  };
  const outer = new OuterVolumes({ clock, log: new FakeLog(), stats: new FakeStats(clock), volumes: { measure } });
  const used = async (uid: string) => {
    const figures = outer.measure(uid, SIGNAL);
    await clock.pass(6_000);
    return (await figures).map(({ usage }) => usage?.usedBytes);
  };
  return { clock, outer, used, asked, comeBack };
}

test("a volume that does not answer holds up no other, and is asked once", async () => {
  const { used, asked } = world();
  assert.deepEqual(await used("live"), [1]);
  assert.deepEqual(await used("dead"), []);
  // While one thread waits no other is risked: what was known stays.
  assert.deepEqual(await used("live"), [1]);
  assert.deepEqual(await used("dead"), []);
  assert.deepEqual(asked, ["live", "dead"]);
});

test("when it answers at last its figures show, and all are measured again", async () => {
  const { clock, used, comeBack } = world();
  await used("dead");
  comeBack();
  await clock.pass(1);
  assert.deepEqual(await used("live"), [2]);
  assert.deepEqual(await used("dead"), [3]);
});

test("what was measured of a pod that is gone is forgotten", async () => {
  const { outer, used } = world();
  await used("live");
  await used("dead");
  outer.keepOnly(new Set(["dead"]));
  assert.deepEqual(await used("live"), []);
});
