/** Containers that end, by themselves or by somebody else's hand, and what becomes of them. */
import assert from "node:assert/strict";
import { it } from "node:test";
import {
  type AgentNode,
  BUSYBOX,
  conditionOf,
  containerIdOf,
  isRunning,
  SLEEP,
  shellPod,
  statusOf,
} from "../../support/agent-node.ts";

/** [restartPolicy, exit code, whether it is started again, phase when not]. */
const POLICIES = [
  ["Always", 0, true],
  ["Always", 3, true],
  ["OnFailure", 0, false, "Succeeded"],
  ["OnFailure", 3, true],
  ["Never", 0, false, "Succeeded"],
  ["Never", 3, false, "Failed"],
] as const;

export function restartClaims(node: () => AgentNode): void {
  for (const [restartPolicy, code, again, phase] of POLICIES) {
    const name = `ends-${restartPolicy.toLowerCase()}-${code}`;
    const reason = code === 0 ? "Completed" : "Error";
    it(`${again ? "starts again" : "leaves"} a container with exit code ${code} under ${restartPolicy}`, async () => {
      node().write(`${name}.yaml`, shellPod(name, `echo run; exit ${code}`, { restartPolicy }));
      if (!again) {
        const pod = await node().untilPod(name, `is ${phase}`, ({ status }) => status?.phase === phase);
        const ended = statusOf(pod)?.state?.terminated;
        assert.deepEqual([ended?.exitCode, ended?.reason], [code, reason]);
        assert.equal(statusOf(pod)?.restartCount, 0);
        assert.equal(conditionOf(pod, "Ready"), "False");
        assert.equal(pod.status?.conditions?.find(({ type }) => type === "Ready")?.reason, `Pod${failedOr(phase)}`);
        return;
      }
      const waiting = await node().untilPod(
        name,
        "backs off after its second run",
        (pod) =>
          (statusOf(pod)?.restartCount ?? 0) >= 1 && statusOf(pod)?.state?.waiting?.reason === "CrashLoopBackOff",
      );
      assert.equal(waiting.status?.phase, "Running");
      assert.match(statusOf(waiting)?.state?.waiting?.message ?? "", /^back-off 3s restarting failed container=main/);
      const last = statusOf(waiting)?.lastState?.terminated;
      assert.deepEqual([last?.exitCode, last?.reason], [code, reason]);
      await node().untilEvent(name, "BackOff", /^Back-off restarting failed container main in pod/);
      node().remove(`${name}.yaml`);
    });
  }

  it("replaces a container at once that somebody killed", async () => {
    node().write("killed.yaml", shellPod("killed", SLEEP));
    const before = await node().untilPod("killed", "is ready", isRunning);
    const from = performance.now();
    process.kill(node().processOf(containerIdOf(before)), "SIGKILL");
    const after = await node().untilPod("killed", "is replaced", (pod) => statusOf(pod)?.restartCount === 1);
    const tookMs = performance.now() - from;
    assert.notEqual(containerIdOf(after), containerIdOf(before));
    const last = statusOf(after)?.lastState?.terminated;
    assert.deepEqual(
      [last?.exitCode, last?.reason, last?.containerID],
      [137, "Error", `containerd://${containerIdOf(before)}`],
    );
    assert.equal(after.status?.podIP, before.status?.podIP);
    assert.ok(tookMs < 10_000, `replaced after ${tookMs} ms`);
  });

  it("replaces a container that somebody stopped and removed through the runtime", async () => {
    node().write("removed.yaml", shellPod("removed", SLEEP));
    const before = await node().untilPod("removed", "is ready", isRunning);
    const { runtime } = node().cri;
    await runtime.stopContainer(containerIdOf(before), 0);
    await runtime.removeContainer(containerIdOf(before));
    const after = await node().untilPod(
      "removed",
      "is replaced",
      (pod) => isRunning(pod) && containerIdOf(pod) !== containerIdOf(before),
    );
    assert.equal(statusOf(after)?.restartCount, 1);
  });

  it("makes a new sandbox when somebody kills the old one, and starts the containers in it", async () => {
    node().write("sandboxed.yaml", shellPod("sandboxed", SLEEP));
    const before = await node().untilPod("sandboxed", "is ready", isRunning);
    const [old] = await sandboxesOf(node(), before.metadata?.uid);
    assert.ok(old);
    process.kill(node().processOf(old.id), "SIGKILL");
    const after = await node().untilPod(
      "sandboxed",
      "runs in a new sandbox",
      (pod) => isRunning(pod) && containerIdOf(pod) !== containerIdOf(before),
    );
    assert.equal(after.metadata?.uid, before.metadata?.uid);
    assert.equal(statusOf(after)?.restartCount, 1);
    const ready = (await sandboxesOf(node(), before.metadata?.uid)).filter(({ state }) => state === "SANDBOX_READY");
    assert.equal(ready.length, 1);
    assert.notEqual(ready[0]?.id, old.id);
    await node().untilEvent("sandboxed", "SandboxChanged");
  });

  it("makes everything new when somebody removed the sandbox through the runtime", async () => {
    node().write("unboxed.yaml", shellPod("unboxed", SLEEP));
    const before = await node().untilPod("unboxed", "is ready", isRunning);
    const [old] = await sandboxesOf(node(), before.metadata?.uid);
    assert.ok(old);
    // Between the two calls the agent may start a replacement in the old sandbox, which has to be stopped, too.
    await node().until("the sandbox is removed", async () => {
      await node().cri.runtime.stopPodSandbox(old.id);
      return node()
        .cri.runtime.removePodSandbox(old.id)
        .then(
          () => true,
          (error: unknown) => {
            assert.match(String(error), /container is still running/);
            return false;
          },
        );
    });
    const after = await node().untilPod(
      "unboxed",
      "runs in a new sandbox",
      (pod) => isRunning(pod) && containerIdOf(pod) !== containerIdOf(before),
    );
    // The container ends before its sandbox: a replacement may have been started in the old one, and counts too.
    const restarts = statusOf(after)?.restartCount ?? 0;
    assert.ok(restarts === 1 || restarts === 2, `${restarts} restarts`);
  });

  it("says OOMKilled when a container needed more memory than its limit", async () => {
    const container = {
      name: "main",
      image: BUSYBOX,
      imagePullPolicy: "Never",
      command: ["dd", "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1"],
      resources: { limits: { memory: "16Mi" } },
    };
    node().write("oom.yaml", shellPod("oom", "", { restartPolicy: "Never", containers: [container] }));
    const pod = await node().untilPod("oom", "failed", ({ status }) => status?.phase === "Failed");
    const ended = statusOf(pod)?.state?.terminated;
    assert.deepEqual([ended?.reason, ended?.exitCode], ["OOMKilled", 137]);
  });

  it("shows the last words of a container, from its file or from its log", async () => {
    const words = (name: string, script: string, terminationMessagePolicy: string) => ({
      name,
      image: BUSYBOX,
      imagePullPolicy: "Never",
      command: ["sh", "-c", script],
      terminationMessagePolicy,
    });
    const containers = [
      words("file", "echo from-log; printf from-file > /dev/termination-log; exit 1", "File"),
      words("log", "echo from-log; exit 1", "FallbackToLogsOnError"),
      words("none", "echo from-log; exit 1", "File"),
      words("good", "echo from-log; exit 0", "FallbackToLogsOnError"),
    ];
    node().write("words.yaml", shellPod("words", "", { restartPolicy: "Never", containers }));
    const pod = await node().untilPod("words", "failed", ({ status }) => status?.phase === "Failed");
    const messages = containers.map(({ name }) => statusOf(pod, name)?.state?.terminated?.message ?? "");
    assert.deepEqual(messages, ["from-file", "from-log\n", "", ""]);
  });
}

function failedOr(phase: "Succeeded" | "Failed"): string {
  return phase === "Failed" ? "Failed" : "Completed";
}

async function sandboxesOf(node: AgentNode, uid: string | undefined) {
  const sandboxes = await node.cri.runtime.listPodSandbox();
  return sandboxes.filter(({ metadata }) => metadata.uid === uid);
}
