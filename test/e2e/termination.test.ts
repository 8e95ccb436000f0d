/** How pods end: their grace, their last words and logs, their back-off, and what an agent that was away makes of it. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Pod } from "../../src/core/api/types.ts";
import { AgentNode, BUSYBOX, containerIdOf, isRunning, shellPod, statusOf } from "../support/agent-node.ts";

const node = new AgentNode({ bridge: "tskend0" });
const seen = join(node.base, "seen");

function linesOf(name: string): readonly string[] {
  const path = join(seen, name);
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
}

function podOf(name: string, script: string, spec: object = {}, container: object = {}, annotations: object = {}) {
  const main = {
    name: "main",
    image: BUSYBOX,
    imagePullPolicy: "Never",
    command: ["sh", "-c", script],
    volumeMounts: [{ name: "seen", mountPath: "/seen" }],
    ...container,
  };
  const volumes = [{ name: "seen", hostPath: { path: seen } }];
  const pod = shellPod(name, "", { containers: [main], volumes, ...spec }) as { metadata: object };
  return { ...pod, metadata: { ...pod.metadata, annotations } };
}

describe("ends of pods on real containerd", () => {
  before(async () => {
    mkdirSync(seen);
    await node.start();
  });
  after(() => node.close());

  describe("at one time", { concurrency: 8 }, () => {
    it("gives a container that ignores SIGTERM the least grace where the pod has none", async () => {
      const script = "trap '' TERM; while true; do sleep 1; done";
      node.write("none.yaml", podOf("none", script, { terminationGracePeriodSeconds: 0 }));
      await node.untilPod("none", "is ready", isRunning);
      const from = performance.now();
      node.remove("none.yaml");
      await node.untilGone("none", 15_000);
      const tookMs = performance.now() - from;
      assert.ok(tookMs > 900 && tookMs < 10_000, `gone after ${tookMs} ms`);
    });

    it("keeps status, last words and log of a pod that has ended, as long as its manifest is there", async () => {
      const script = "echo last line; printf 'last words' > /dev/termination-log; exit 3";
      node.write("kept.yaml", podOf("kept", script, { restartPolicy: "Never" }));
      const pod = await node.untilPod("kept", "failed", ({ status }) => status?.phase === "Failed");
      const words = (each: Pod) => {
        const ended = statusOf(each)?.state?.terminated;
        return [ended?.exitCode, ended?.message, ended?.containerID];
      };
      assert.deepEqual(words(pod), [3, "last words", `containerd://${containerIdOf(pod)}`]);
      assert.match(await node.untilLog(pod, /last line/), /^last line$/m);
    });

    it("follows the crash-loop curve that a pod asks for", async () => {
      const curve = {
        "tskubelet.dev/crash-loop-back-off-initial": "1s",
        "tskubelet.dev/crash-loop-back-off-max": "2s",
      };
      node.write("curve.yaml", podOf("curve", "date +%s >> /seen/curve; exit 1", {}, {}, curve));
      const pod = await node.untilPod("curve", "has restarted four times", (each) => {
        return (
          (statusOf(each)?.restartCount ?? 0) >= 4 && statusOf(each)?.state?.waiting?.reason === "CrashLoopBackOff"
        );
      });
      assert.match(statusOf(pod)?.state?.waiting?.message ?? "", /^back-off 2s restarting failed container=main/);
      const starts = linesOf("curve").map(Number);
      const gaps = starts.slice(1).map((at, index) => at - (starts[index] ?? 0));
      assert.ok(gaps[0] !== undefined && gaps[0] <= 1, `the first restart came after ${gaps[0]} s`);
      for (const gap of gaps.slice(2)) assert.ok(gap >= 1 && gap <= 5, `restarts ${gaps.join(", ")} s apart`);
      node.remove("curve.yaml");
    });

    it("tells a curve that it cannot use, and takes the node's", async () => {
      const annotations = { "tskubelet.dev/crash-loop-back-off-max": "soon" };
      node.write("soon.yaml", podOf("soon", "exit 1", {}, {}, annotations));
      const message = /crash-loop-back-off-max is not used: "soon" must be a duration from "1s" to "24h"/;
      await node.untilEvent("soon", "InvalidBackOff", message);
      const pod = await node.untilPod("soon", "backs off", (each) => {
        return statusOf(each)?.state?.waiting?.reason === "CrashLoopBackOff";
      });
      assert.match(statusOf(pod)?.state?.waiting?.message ?? "", /^back-off 10s /);
      node.remove("soon.yaml");
    });
  });

  it("ends a pod whose manifest went while the agent was away as it was meant to be, and keeps what had ended", async () => {
    const script = "trap 'sleep 3; echo term >> /seen/away; exit 0' TERM; while true; do sleep 1000 & wait $!; done";
    const lifecycle = { preStop: { exec: { command: ["sh", "-c", "echo hook >> /seen/away"] } } };
    node.write("away.yaml", podOf("away", script, { terminationGracePeriodSeconds: 30 }, { lifecycle }));
    await node.untilPod("away", "is ready", isRunning);
    const kept = await node.pod("kept");
    await node.end("SIGKILL");
    node.remove("away.yaml");
    await node.start();
    await node.until("it has ended", () => linesOf("away").includes("term"), 20_000);
    assert.deepEqual(linesOf("away"), ["hook", "term"]);
    const again = await node.untilPod("kept", "is still there", () => true);
    assert.deepEqual(again.status?.containerStatuses, kept?.status?.containerStatuses);
    assert.match(node.containerLog(again), /last line/);
  });
});
