/** Init containers: their order, their failures under each restart policy. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { it } from "node:test";
import {
  type AgentNode,
  BUSYBOX,
  conditionOf,
  isRunning,
  SLEEP,
  shellPod,
  statusOf,
} from "../../support/agent-node.ts";

export function initClaims(node: () => AgentNode): void {
  it("runs init containers one after the other, then the containers", async () => {
    node().write(
      "ordered.yaml",
      initPod("ordered", `cat /data/order; ${SLEEP}`, ["sleep 1; echo one > /data/order", "echo two >> /data/order"]),
    );
    const early = await node().untilPod(
      "ordered",
      "runs its first init container",
      (pod) => statusOf(pod, "init-0")?.state?.running !== undefined,
    );
    assert.equal(conditionOf(early, "Initialized"), "False");
    assert.equal(statusOf(early, "init-1")?.state?.waiting?.reason, "PodInitializing");
    assert.equal(statusOf(early)?.state?.waiting?.reason, "PodInitializing");
    const pod = await node().untilPod("ordered", "is ready", isRunning);
    assert.equal(await node().untilLog(pod, /two/), "one\ntwo\n");
    assert.equal(conditionOf(pod, "Initialized"), "True");
    const ended = ["init-0", "init-1"].map((name) => statusOf(pod, name)?.state?.terminated?.reason);
    assert.deepEqual(ended, ["Completed", "Completed"]);
  });

  it("tries a failing init container again and goes on when it works", async () => {
    const script = "[ -e /data/tried ] || { touch /data/tried; exit 7; }";
    node().write("retried.yaml", initPod("retried", SLEEP, [script], { restartPolicy: "OnFailure" }));
    const pod = await node().untilPod("retried", "is ready", isRunning);
    const init = statusOf(pod, "init-0");
    assert.deepEqual([init?.restartCount, init?.ready], [1, true]);
    assert.equal(init?.state?.terminated?.exitCode, 0);
    assert.equal(statusOf(pod)?.restartCount, 0);
  });

  it("never starts the containers while an init container keeps failing", async () => {
    node().write("failing.yaml", initPod("failing", SLEEP, ["exit 1", "true"]));
    const pod = await node().untilPod(
      "failing",
      "backs off",
      (seen) => statusOf(seen, "init-0")?.state?.waiting?.reason === "CrashLoopBackOff",
    );
    assert.equal(pod.status?.phase, "Pending");
    assert.equal(statusOf(pod)?.state?.waiting?.reason, "PodInitializing");
    assert.equal(statusOf(pod, "init-1")?.state?.waiting?.reason, "PodInitializing");
    const again = await node().untilPod("failing", "failed twice more", (seen) => {
      return (statusOf(seen, "init-0")?.restartCount ?? 0) >= (statusOf(pod, "init-0")?.restartCount ?? 0) + 2;
    });
    const logs = () => readdirSync(dirname(node().logPath(again, "init-0")));
    await node().until(
      "old instances are gone with their logs",
      () => logs().length <= 2,
      10_000,
      () => logs().join(" "),
    );
    node().remove("failing.yaml");
    await node().untilGone("failing");
    assert.deepEqual(
      node()
        .logLinks()
        .filter((link) => link.includes("/failing_default_")),
      [],
    );
  });

  it("fails the pod with its init container where nothing may be restarted", async () => {
    node().write("hopeless.yaml", initPod("hopeless", SLEEP, ["exit 5"], { restartPolicy: "Never" }));
    const pod = await node().untilPod("hopeless", "failed", ({ status }) => status?.phase === "Failed");
    assert.equal(statusOf(pod, "init-0")?.state?.terminated?.exitCode, 5);
    assert.equal(statusOf(pod)?.state?.running, undefined);
    assert.equal(conditionOf(pod, "Initialized"), "False");
  });
}

function initPod(name: string, script: string, inits: readonly string[], spec: object = {}): unknown {
  const volumeMounts = [{ name: "data", mountPath: "/data" }];
  const container = (containerName: string, text: string) => ({
    name: containerName,
    image: BUSYBOX,
    imagePullPolicy: "Never",
    command: ["sh", "-c", text],
    volumeMounts,
  });
  return shellPod(name, "", {
    initContainers: inits.map((text, index) => container(`init-${index}`, text)),
    containers: [container("main", script)],
    volumes: [{ name: "data", emptyDir: {} }],
    ...spec,
  });
}
