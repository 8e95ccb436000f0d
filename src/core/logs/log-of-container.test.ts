import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ContainerStatus, Pod } from "../api/types.ts";
import { chooseLog } from "./log-of-container.ts";

const CURRENT = "containerd://current";
const LAST = "containerd://last";

function pod(state: ContainerStatus["state"], last?: string, more: readonly string[] = []): Pod {
  const status: ContainerStatus = {
    name: "main",
    image: "i",
    imageID: "",
    ready: false,
    restartCount: 0,
    containerID: CURRENT,
    ...(state !== undefined && { state }),
    ...(last !== undefined && { lastState: { terminated: { exitCode: 1, containerID: last } } }),
  };
  return {
    metadata: { name: "p" },
    spec: { containers: ["main", ...more].map((name) => ({ name })), initContainers: [{ name: "init" }] },
    status: { containerStatuses: [status] },
  };
}

function id(subject: Pod, previous = false): string {
  const choice = chooseLog(subject, { container: "main", previous });
  return "error" in choice ? choice.error : choice.containerId;
}

describe("log that is meant", () => {
  it("is that of the running container, of the ended one, or of the one before", () => {
    assert.equal(id(pod({ running: {} })), "current");
    assert.equal(id(pod({ terminated: { exitCode: 0, containerID: CURRENT } }, LAST)), "current");
    assert.equal(id(pod({ running: {} }, LAST), true), "last");
    assert.equal(id(pod({ waiting: { reason: "CrashLoopBackOff" } }, LAST)), "last");
    assert.equal(id(pod({ terminated: { exitCode: 0 } }, LAST)), "last");
  });

  it("is none where nothing ran yet, with the reason", () => {
    const subject = 'container "main" in pod "p"';
    assert.equal(
      id(pod({ waiting: { reason: "ErrImagePull" } })),
      `${subject} is waiting to start: image can't be pulled`,
    );
    assert.equal(
      id(pod({ waiting: { reason: "ImagePullBackOff" } })),
      `${subject} is waiting to start: trying and failing to pull image`,
    );
    assert.equal(
      id(pod({ waiting: { reason: "ContainerCreating" } })),
      `${subject} is waiting to start: ContainerCreating`,
    );
    assert.equal(id(pod({})), `${subject} is waiting to start - no logs yet`);
    assert.equal(id(pod({ terminated: { exitCode: 1 } })), `${subject} is terminated`);
    assert.equal(id(pod({ running: {} }), true), `previous terminated ${subject} not found`);
    assert.equal(id({ ...pod({}), status: {} }), `${subject} is not available`);
  });

  it("needs no name where there is one container, and a right one else", () => {
    const choice = (subject: Pod, container?: string) =>
      chooseLog(subject, { previous: false, ...(container !== undefined && { container }) });
    assert.deepEqual(choice(pod({ running: {} })), { container: "main", containerId: "current" });
    assert.deepEqual(choice(pod({ running: {} }, undefined, ["side"])), {
      error:
        "a container name must be specified for pod p, choose one of: [main side] or one of the init containers: [init]",
    });
    assert.deepEqual(choice(pod({ running: {} }), "nope"), { error: "container nope is not valid for pod p" });
  });
});
