import assert from "node:assert/strict";
import { test } from "node:test";
import type { OperationResult, VolumeAction, VolumeEvent } from "./events.ts";
import { isWorking, mountedVolumes, NO_VOLUMES, unmountedVolumes, type VolumesState } from "./state.ts";
import { stepVolumes } from "./step.ts";

/** A state that is told events, and what it wants done, in short: "mount a/x", "wakeAt a 500". */
function world() {
  let state: VolumesState = NO_VOLUMES;
  let nowMs = 0;
  const take = (event: VolumeEvent extends infer E ? (E extends VolumeEvent ? Omit<E, "nowMs"> : never) : never) => {
    const step = stepVolumes(state, { ...event, nowMs } as VolumeEvent);
    state = step.state;
    return step.plan.map(short);
  };
  const operated = (
    uid: string,
    name: string,
    result: OperationResult = { kind: "done", mounted: { path: `/${name}` } },
  ) => take({ kind: "operated", uid, name, result });
  const want = (uid: string, ...names: readonly string[]) =>
    take({ kind: "wanted", uid, volumes: names.map((name) => ({ name, place: { kind: "k", name } })) });
  return {
    take,
    operated,
    want,
    fail: (uid: string, name: string, error = "no") => operated(uid, name, { kind: "failed", error }),
    at: (ms: number) => {
      nowMs = ms;
    },
    get state() {
      return state;
    },
  };
}

function short(action: VolumeAction): string {
  switch (action.kind) {
    case "mount":
      return `${action.again ? "update" : "mount"} ${action.uid}/${action.name}`;
    case "unmount":
      return `unmount ${action.uid}/${action.name}`;
    case "mountDevice":
    case "unmountDevice":
      return `${action.kind} ${action.device}`;
    case "wakeAt":
      return `wakeAt ${action.uid ?? "all"} ${action.atMs}`;
  }
}

test("all volumes of all pods are mounted at once, and each but once", () => {
  const { want, operated } = world();
  assert.deepEqual(want("a", "x", "y"), ["mount a/x", "mount a/y"]);
  assert.deepEqual(want("b", "x"), ["mount b/x"]);
  assert.deepEqual(want("a", "x", "y"), []);
  assert.deepEqual(operated("a", "x"), []);
  assert.deepEqual(want("a", "x", "y"), []);
});

test("a pod waits for the volumes that are missing, in the order of its spec", () => {
  const it = world();
  it.want("a", "x", "y", "z");
  it.operated("a", "y");
  assert.deepEqual(unmountedVolumes(it.state, "a"), ["x", "z"]);
  assert.equal(isWorking(it.state, "a"), true);
  it.operated("a", "x");
  it.fail("a", "z");
  assert.equal(isWorking(it.state, "a"), false);
  assert.deepEqual([...mountedVolumes(it.state, "a").keys()], ["x", "y"]);
});

test("what failed is tried again after a pause that doubles, and at once when its source has come", () => {
  const it = world();
  it.want("a", "x");
  assert.deepEqual(it.fail("a", "x"), ["wakeAt a 500"]);
  it.at(499.9);
  assert.deepEqual(it.take({ kind: "wake", uid: "a" }), ["wakeAt a 500"]);
  it.at(500);
  assert.deepEqual(it.take({ kind: "wake", uid: "a" }), ["mount a/x"]);
  assert.deepEqual(it.fail("a", "x"), ["wakeAt a 1500"]);
  assert.deepEqual(it.take({ kind: "stale", uid: "a", names: ["x"] }), ["mount a/x"]);
  assert.deepEqual(it.fail("a", "x"), ["wakeAt a 1000"]);
});

test("the pause between tries is 2 min 2 s at most", () => {
  const it = world();
  it.want("a", "x");
  let last = "";
  for (let attempt = 0; attempt < 20; attempt++) {
    [last = ""] = it.fail("a", "x");
    it.at(Number(last.split(" ")[2]));
    it.take({ kind: "wake", uid: "a" });
  }
  const [next] = it.fail("a", "x");
  assert.equal(Number(next?.split(" ")[2]) - Number(last.split(" ")[2]), 122_000);
});

test("a changed source is mounted again in place; a change meanwhile is not lost", () => {
  const it = world();
  it.want("a", "x");
  assert.deepEqual(it.take({ kind: "stale", uid: "a", names: ["x"] }), []);
  assert.deepEqual(it.operated("a", "x"), ["update a/x"]);
  assert.deepEqual(it.operated("a", "x"), []);
});

test("an update that fails leaves what is mounted usable, and is tried again", () => {
  const it = world();
  it.want("a", "x");
  it.operated("a", "x");
  it.take({ kind: "stale", uid: "a", names: ["x"] });
  assert.deepEqual(it.fail("a", "x"), ["wakeAt a 500"]);
  assert.deepEqual(mountedVolumes(it.state, "a"), new Map([["x", { path: "/x" }]]));
  it.at(500);
  assert.deepEqual(it.take({ kind: "wake", uid: "a" }), ["update a/x"]);
});

test("after the end everything is unmounted, but not while it is being mounted; then the pod is forgotten", () => {
  const it = world();
  it.want("a", "x", "y", "z");
  it.operated("a", "x");
  it.fail("a", "y");
  assert.deepEqual(it.take({ kind: "ended", uid: "a" }), ["unmount a/x", "unmount a/y"]);
  assert.deepEqual(it.operated("a", "z"), ["unmount a/z"]);
  it.operated("a", "x", { kind: "done" });
  it.operated("a", "y", { kind: "done" });
  assert.deepEqual(it.fail("a", "z", "busy"), ["wakeAt a 500"]);
  it.at(500);
  assert.deepEqual(it.take({ kind: "wake", uid: "a" }), ["unmount a/z"]);
  it.operated("a", "z", { kind: "done" });
  assert.deepEqual(it.state, NO_VOLUMES);
});

test("what never came to be needs no unmounting", () => {
  const it = world();
  it.want("a", "x");
  it.operated("a", "x", { kind: "failed", error: "no", leftNothing: true });
  assert.deepEqual(it.take({ kind: "ended", uid: "a" }), []);
  assert.deepEqual(it.state, NO_VOLUMES);
});

test("what an agent before has left is taken over, usable where it is whole, and brought up to date", () => {
  const it = world();
  const place = (name: string) => ({ kind: "k", name });
  it.take({
    kind: "found",
    uid: "a",
    volumes: [{ place: place("x"), mounted: { path: "/old" } }, { place: place("y") }, { place: place("gone") }],
  });
  assert.deepEqual(it.want("a", "x", "y"), ["update a/x", "mount a/y"]);
  it.fail("a", "x", "its source is away");
  assert.deepEqual(mountedVolumes(it.state, "a"), new Map([["x", { path: "/old" }]]));
  it.operated("a", "y");
  assert.deepEqual(it.take({ kind: "ended", uid: "a" }), ["unmount a/x", "unmount a/y", "unmount a/k/gone"]);
});

test("what was found of a pod that nobody wants is unmounted", () => {
  const it = world();
  assert.deepEqual(it.take({ kind: "found", uid: "a", volumes: [{ place: { kind: "k", name: "x" } }] }), []);
  assert.deepEqual(it.take({ kind: "ended", uid: "a" }), ["unmount a/k/x"]);
  it.operated("a", "k/x", { kind: "done" });
  assert.deepEqual(it.state, NO_VOLUMES);
});

test("a volume that tells its place when it is mounted takes over what was found there", () => {
  const it = world();
  it.take({ kind: "found", uid: "a", volumes: [{ place: { kind: "csi", name: "pv" } }] });
  it.take({ kind: "wanted", uid: "a", volumes: [{ name: "data" }] });
  it.operated("a", "data", { kind: "done", mounted: { path: "/pv" }, place: { kind: "csi", name: "pv" } });
  assert.deepEqual(it.take({ kind: "ended", uid: "a" }), ["unmount a/data"]);
});

test("a device is mounted once before the volumes on it, and unmounted after the last of them", () => {
  const it = world();
  const device = { name: "disk", plugin: "p" };
  const want = (uid: string) => it.take({ kind: "wanted", uid, volumes: [{ name: "v", device }] });
  assert.deepEqual(want("a"), ["mountDevice disk"]);
  assert.deepEqual(want("b"), []);
  assert.equal(isWorking(it.state, "b"), true);
  const done: OperationResult = { kind: "done" };
  assert.deepEqual(it.take({ kind: "deviceOperated", device: "disk", result: done }), ["mount a/v", "mount b/v"]);
  it.operated("a", "v");
  it.operated("b", "v");
  assert.deepEqual(it.take({ kind: "ended", uid: "a" }), ["unmount a/v"]);
  assert.deepEqual(it.operated("a", "v", done), []);
  assert.deepEqual(it.take({ kind: "ended", uid: "b" }), ["unmount b/v"]);
  assert.deepEqual(it.operated("b", "v", done), ["unmountDevice disk"]);
  assert.deepEqual(want("c"), []);
  assert.deepEqual(it.take({ kind: "deviceOperated", device: "disk", result: done }), ["mountDevice disk"]);
});

test("a device that could not be mounted is tried again, and forgotten when nobody wants it any more", () => {
  const it = world();
  it.take({ kind: "wanted", uid: "a", volumes: [{ name: "v", device: { name: "disk", plugin: "p" } }] });
  const failed: OperationResult = { kind: "failed", error: "no", leftNothing: true };
  assert.deepEqual(it.take({ kind: "deviceOperated", device: "disk", result: failed }), ["wakeAt all 500"]);
  it.at(500);
  assert.deepEqual(it.take({ kind: "wake" }), ["mountDevice disk"]);
  it.take({ kind: "ended", uid: "a" });
  it.take({ kind: "deviceOperated", device: "disk", result: failed });
  assert.deepEqual(it.state, NO_VOLUMES);
});

test("random events: one operation at a time on a volume, a device never goes under a volume, everything ends", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  for (let round = 0; round < 40; round++) {
    let state = NO_VOLUMES;
    let nowMs = 0;
    const flying = new Map<string, VolumeAction>();
    const take = (event: VolumeEvent) => {
      const step = stepVolumes(state, event);
      state = step.state;
      for (const action of step.plan) {
        if (action.kind === "wakeAt") continue;
        const key = "device" in action ? action.device : `${action.uid}/${action.name}`;
        assert.equal(flying.has(key), false, `two operations on ${key}`);
        flying.set(key, action);
        if (action.kind !== "unmountDevice") continue;
        const users = Object.values(state.pods).flatMap(({ volumes }) => Object.values(volumes));
        assert.ok(users.every((volume) => volume.device !== action.device || volume.actual === "absent"));
      }
    };
    const land = (fails: boolean) => {
      const [key, action] = [...flying][random(flying.size)] ?? [];
      if (key === undefined || action === undefined || action.kind === "wakeAt") return;
      flying.delete(key);
      const result: OperationResult = fails
        ? { kind: "failed", error: "no", leftNothing: random(2) === 0 }
        : { kind: "done", mounted: { path: key } };
      if ("uid" in action && action.kind !== "mountDevice") {
        take({ kind: "operated", nowMs, uid: action.uid, name: action.name, result });
      } else if ("device" in action) take({ kind: "deviceOperated", nowMs, device: action.device, result });
    };
    const uid = () => `pod${random(3)}`;
    for (let n = 0; n < 120; n++) {
      nowMs += random(400);
      const what = random(6);
      const device = { name: `disk${random(2)}`, plugin: "p" };
      if (what === 0) {
        take({
          kind: "wanted",
          nowMs,
          uid: uid(),
          volumes: [{ name: "x" }, { name: "y", device: { name: "disk0", plugin: "p" } }],
        });
      } else if (what === 1) take({ kind: "ended", nowMs, uid: uid() });
      else if (what === 2) take({ kind: "stale", nowMs, uid: uid(), names: ["x", "y"] });
      else if (what === 3) take({ kind: "wake", nowMs, uid: uid() });
      else if (what === 4)
        take({ kind: "found", nowMs, uid: uid(), volumes: [{ place: { kind: "k", name: "x" }, device }] });
      else land(random(3) === 0);
    }
    for (const pod of Object.keys(state.pods)) take({ kind: "ended", nowMs, uid: pod });
    for (let n = 0; n < 200; n++) {
      nowMs += 200_000;
      take({ kind: "wake", nowMs });
      for (const pod of Object.keys(state.pods)) take({ kind: "wake", nowMs, uid: pod });
      land(false);
    }
    assert.deepEqual(state, NO_VOLUMES, `round ${round}`);
  }
});
