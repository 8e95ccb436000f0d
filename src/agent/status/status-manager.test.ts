import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../test/support/fakes-clock.ts";
import { FakeLog, FakeStore } from "../../../test/support/fakes-ports.ts";
import type { ContainerState, PodStatus } from "../../core/api/types.ts";
import { StatusManager } from "./status-manager.ts";

function world() {
  const clock = new FakeClock();
  const store = new FakeStore();
  const create = () => new StatusManager({ clock, log: new FakeLog(), store });
  return { clock, store, create, statuses: create() };
}

function status(phase: NonNullable<PodStatus["phase"]>, ready: "True" | "False", state?: ContainerState): PodStatus {
  const container = { name: "main", image: "", imageID: "", ready: false, restartCount: 0, lastState: {} };
  return {
    phase,
    conditions: [{ type: "Ready", status: ready }],
    ...(state !== undefined && { containerStatuses: [{ ...container, state }] }),
  };
}

test("nothing is written or told when nothing changed", () => {
  const { store, statuses } = world();
  const heard: string[] = [];
  statuses.subscribe((uid) => heard.push(uid));
  const first = statuses.set("a", status("Running", "True"));
  assert.equal(statuses.set("a", status("Running", "True")), first);
  assert.deepEqual([store.writes, heard], [1, ["a"]]);
});

test("the start time stays, a condition's time is that of its last change", async () => {
  const { clock, statuses } = world();
  statuses.set("a", status("Pending", "False"));
  await clock.pass(10_000);
  const same = statuses.set("a", status("Running", "False"));
  assert.deepEqual(
    [same.startTime, same.conditions?.[0]?.lastTransitionTime],
    ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"],
  );
  await clock.pass(10_000);
  const ready = statuses.set("a", status("Running", "True"));
  assert.deepEqual(
    [ready.startTime, ready.conditions?.[0]?.lastTransitionTime],
    ["2026-01-01T00:00:00Z", "2026-01-01T00:00:20Z"],
  );
});

test("a new agent knows every status, a forgotten one is forgotten for good", () => {
  const { create, statuses } = world();
  statuses.set("a", status("Running", "True"));
  statuses.set("b", status("Failed", "False"));
  statuses.forget("a");
  const next = create();
  assert.deepEqual([next.uids(), next.get("b")], [["b"], statuses.get("b")]);
});

test("an ended container keeps its last words when their file is gone, its successor does not get them", () => {
  const { statuses } = world();
  const ended = (id: string, message?: string) => ({
    terminated: { exitCode: 1, containerID: id, ...(message !== undefined && { message }) },
  });
  statuses.set("a", status("Running", "False", ended("c://1", "no space")));
  const again = statuses.set("a", status("Running", "False", ended("c://1")));
  assert.equal(again.containerStatuses?.[0]?.state?.terminated?.message, "no space");
  const other = statuses.set("a", status("Running", "False", ended("c://2")));
  assert.equal(other.containerStatuses?.[0]?.state?.terminated?.message, undefined);
});
