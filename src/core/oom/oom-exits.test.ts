import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RuntimeContainerStatus, RuntimePodStatus } from "../pod/runtime-status.ts";
import { endedByOom, withOomKills } from "./oom-exits.ts";

const exited: RuntimeContainerStatus = {
  id: "c1",
  name: "app",
  sandboxId: "s1",
  state: "CONTAINER_EXITED",
  createdAtMs: 1_000,
  startedAtMs: 2_000,
  finishedAtMs: 50_000,
  exitCode: 1,
  image: "",
  imageId: "",
  reason: "Error",
  message: "",
  restartCount: 0,
  hash: "",
};

function pod(status: RuntimeContainerStatus): RuntimePodStatus {
  return { uid: "u", name: "p", namespace: "default", ips: [], sandboxStatuses: [], containerStatuses: [status] };
}

describe("a container that ended", () => {
  it("was killed for memory when a process in it was, in the same moment", () => {
    assert.equal(endedByOom(exited, 49_900), true);
    assert.equal(endedByOom({ ...exited, exitCode: 137 }, 50_200), true, "the two clocks differ a little");
  });

  it("was not when the kill was long before, or there was none", () => {
    assert.equal(endedByOom(exited, 40_000), false);
    assert.equal(endedByOom(exited, undefined), false);
  });

  it("was not when it ended well, or the runtime has a reason of its own", () => {
    assert.equal(endedByOom({ ...exited, exitCode: 0, reason: "Completed" }, 50_000), false);
    assert.equal(endedByOom({ ...exited, reason: "StartError" }, 50_000), false);
  });

  it("shows it, and another one's status stays the very same", () => {
    assert.equal(withOomKills(pod(exited), new Map([["c1", 50_000]]))?.containerStatuses[0]?.reason, "OOMKilled");
    const other = pod(exited);
    assert.equal(withOomKills(other, new Map([["c2", 50_000]])), other);
    const running = pod({ ...exited, state: "CONTAINER_RUNNING", finishedAtMs: 0, exitCode: 0, reason: "" });
    assert.equal(withOomKills(running, new Map([["c1", 50_000]])), running);
  });
});
