/** Pods that are edited, deleted or run out of time. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pod } from "../../../src/core/api/types.ts";
import { createSystemClock } from "../../../src/host/clock/system-clock.ts";
import { findProgram } from "../../../src/host/containerd/programs.ts";
import { importImage } from "../../../src/host/images/image-import.ts";
import { busyboxLayer } from "../../../src/host/images/local-images.ts";
import { buildOciImage } from "../../../src/host/images/oci-image.ts";
import { type AgentNode, containerIdOf, isRunning, SLEEP, shellPod, statusOf } from "../../support/agent-node.ts";

export function endClaims(node: () => AgentNode): void {
  it("replaces only the container when its image is edited", async () => {
    const image = await importOtherImage(node());
    const manifest = (edit: object) => {
      const pod = shellPod("image", SLEEP) as { spec: { containers: readonly object[] } };
      return { ...pod, spec: { ...pod.spec, containers: pod.spec.containers.map((made) => ({ ...made, ...edit })) } };
    };
    node().write("image.yaml", manifest({}));
    const before = await node().untilPod("image", "is ready", isRunning);
    node().write("image.yaml", manifest({ image }));
    const after = await node().untilPod("image", "runs the new image", (pod) => {
      return isRunning(pod) && statusOf(pod)?.image === image && statusOf(pod)?.restartCount === 1;
    });
    assert.equal(after.metadata?.uid, before.metadata?.uid);
    assert.equal(after.status?.podIP, before.status?.podIP);
    assert.equal(statusOf(after)?.lastState?.terminated?.containerID, `containerd://${containerIdOf(before)}`);
    await node().untilEvent("image", "Killing", /^Container main definition changed, will be restarted$/);
  });

  it("makes a new pod of any other edit, and starts it only when nothing of the old one runs", async () => {
    const shared = join(node().base, "replaced");
    mkdirSync(shared);
    const manifest = (version: string) => {
      const end = `sleep 1; echo ${version}-end >> /shared/log; exit 0`;
      const script = `trap '${end}' TERM; echo ${version}-start >> /shared/log; while true; do sleep 1000 & wait $!; done`;
      const volumes = [{ name: "shared", hostPath: { path: shared } }];
      const pod = shellPod("replaced", script, { volumes, terminationGracePeriodSeconds: 20 }) as PodManifest;
      const volumeMounts = [{ name: "shared", mountPath: "/shared" }];
      return {
        ...pod,
        spec: { ...pod.spec, containers: pod.spec.containers.map((made) => ({ ...made, volumeMounts })) },
      };
    };
    const log = () => readFileSync(join(shared, "log"), "utf8").trim().split("\n");
    node().write("replaced.yaml", manifest("first"));
    const before = await node().untilPod("replaced", "is ready", isRunning);
    await node().until("it said so", () => log().length === 1);
    node().write("replaced.yaml", manifest("second"));
    const after = await node().untilPod("replaced", "is another", (pod) => {
      return (
        isRunning(pod) && pod.metadata?.uid !== before.metadata?.uid && pod.metadata?.deletionTimestamp === undefined
      );
    });
    await node().until("the new one said so", () => log().length === 3);
    assert.deepEqual(log(), ["first-start", "first-end", "second-start"]);
    assert.equal(statusOf(after)?.restartCount, 0);
    await node().until("the old one is gone", async () => (await podsNamed(node(), "replaced")).length === 1);
  });

  it("ends a deleted pod with SIGTERM and shows it as ending until then", async () => {
    const shared = join(node().base, "graceful");
    mkdirSync(shared);
    const script =
      "trap 'echo got-term; sleep 1; echo done > /shared/done; exit 0' TERM; while true; do sleep 1000 & wait $!; done";
    const pod = shellPod("graceful", script, {
      terminationGracePeriodSeconds: 20,
      volumes: [{ name: "shared", hostPath: { path: shared } }],
    }) as PodManifest;
    const volumeMounts = [{ name: "shared", mountPath: "/shared" }];
    const spec = { ...pod.spec, containers: pod.spec.containers.map((made) => ({ ...made, volumeMounts })) };
    node().write("graceful.yaml", { ...pod, spec });
    const running = await node().untilPod("graceful", "is ready", isRunning);
    node().remove("graceful.yaml");
    const ending = await node().untilPod(
      "graceful",
      "is ending",
      (seen) => seen.metadata?.deletionTimestamp !== undefined,
    );
    assert.equal(ending.status?.phase, "Running");
    await node().untilLog(running, /^got-term$/m);
    await node().untilEvent("graceful", "Killing", /^Stopping container main$/);
    await node().untilGone("graceful", 15_000);
    assert.equal(readFileSync(join(shared, "done"), "utf8"), "done\n");
  });

  it("kills what ignores SIGTERM when its grace is over, not before", async () => {
    const script = "trap '' TERM; echo ready; while true; do sleep 1; done";
    node().write("stubborn.yaml", shellPod("stubborn", script, { terminationGracePeriodSeconds: 4 }));
    const pod = await node().untilPod("stubborn", "is ready", isRunning);
    await node().untilLog(pod, /^ready$/m);
    const from = performance.now();
    node().remove("stubborn.yaml");
    await node().untilGone("stubborn");
    const tookMs = performance.now() - from;
    assert.ok(tookMs > 3_900 && tookMs < 25_000, `gone after ${tookMs} ms with a grace of 4 s`);
  });

  it("ends a pod that is deleted at any moment of its start", async () => {
    const init = {
      name: "slow",
      image: "localhost/tskubelet/busybox:1",
      imagePullPolicy: "Never",
      command: ["sleep", "1000"],
    };
    const names = [0, 30, 80, 150, 300, 600, 1000].map((delayMs) => ({ name: `early-${delayMs}`, delayMs }));
    await Promise.all(
      names.map(async ({ name, delayMs }) => {
        node().write(`${name}.yaml`, shellPod(name, SLEEP, { initContainers: [init] }));
        await sleep(delayMs);
        node().remove(`${name}.yaml`);
      }),
    );
    await node().until(
      "all are gone, also from the runtime",
      async () => {
        const [pods, sandboxes] = await Promise.all([node().pods(), node().cri.runtime.listPodSandbox()]);
        const left = [...pods.map(({ metadata }) => metadata?.name), ...sandboxes.map(({ metadata }) => metadata.name)];
        return !left.some((name) => name?.startsWith("early-"));
      },
      60_000,
    );
  });

  it("fails a pod that is active longer than it may be", async () => {
    node().write("deadline.yaml", shellPod("deadline", SLEEP, { activeDeadlineSeconds: 10 }));
    await node().untilPod("deadline", "is ready", isRunning);
    const pod = await node().untilPod("deadline", "failed", ({ status }) => status?.phase === "Failed");
    assert.equal(pod.status?.reason, "DeadlineExceeded");
    assert.equal(pod.status?.message, "Pod was active on the node longer than the specified deadline");
    await node().untilEvent("deadline", "DeadlineExceeded");
    const ended = await node().untilPod(
      "deadline",
      "has ended",
      (seen) => statusOf(seen)?.state?.terminated !== undefined,
    );
    assert.equal(statusOf(ended)?.restartCount, 0);
    const all = await node().cri.runtime.listContainers();
    const running = all.filter(({ labels, state }) => {
      return labels["io.kubernetes.pod.uid"] === pod.metadata?.uid && state === "CONTAINER_RUNNING";
    });
    assert.deepEqual(running, []);
  });

  it("runs a pod again that was deleted and written anew", async () => {
    node().write("again.yaml", shellPod("again", SLEEP));
    const before = await node().untilPod("again", "is ready", isRunning);
    node().remove("again.yaml");
    // Longer than what an editor takes that deletes and makes anew.
    await node().until(
      "it is ending",
      async () => (await node().pod("again"))?.metadata?.deletionTimestamp !== undefined,
    );
    node().write("again.yaml", shellPod("again", SLEEP));
    const after = await node().untilPod("again", "runs anew", (pod) => {
      return (
        isRunning(pod) && pod.metadata?.deletionTimestamp === undefined && containerIdOf(pod) !== containerIdOf(before)
      );
    });
    assert.equal(statusOf(after)?.restartCount, 0);
  });
}

interface PodManifest {
  readonly spec: { readonly containers: readonly object[] };
}

/** Another image of the same programs, under a name and a digest of its own. */
async function importOtherImage(node: AgentNode): Promise<string> {
  const busybox = readFileSync(findProgram("busybox") ?? "/bin/busybox");
  const layer = busyboxLayer(busybox, ["bin/sh", "bin/sleep"]);
  const image = buildOciImage("localhost/tskubelet/busybox:2", layer, { command: ["sh"], workingDir: "/tmp" });
  const socketPath = join(node.rootDir, "containerd", "containerd.sock");
  await importImage({ socketPath, images: node.cri.images, clock: createSystemClock() }, image);
  return image.name;
}

async function podsNamed(node: AgentNode, name: string): Promise<readonly Pod[]> {
  return (await node.pods()).filter(({ metadata }) => metadata?.name === name);
}
