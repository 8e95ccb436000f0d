/** What a pod is once it runs, and why one does not start. */
import assert from "node:assert/strict";
import { readlinkSync, realpathSync } from "node:fs";
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

export function startClaims(node: () => AgentNode): void {
  it("runs a pod from a manifest and tells its whole status", async () => {
    const script = `echo name=$NAME ip=$IP host=$(hostname); cat /etc/hosts; ${SLEEP}`;
    const fields = [
      { name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
    ];
    const container = { name: "main", image: BUSYBOX, imagePullPolicy: "Never", command: ["sh", "-c", script] };
    node().write("whole.yaml", shellPod("whole", "", { containers: [{ ...container, env: fields }] }));
    const pod = await node().untilPod("whole", "is ready", isRunning);
    const { status } = pod;
    assert.deepEqual(
      ["Initialized", "Ready", "ContainersReady", "PodScheduled"].map((type) => conditionOf(pod, type)),
      ["True", "True", "True", "True"],
    );
    assert.equal(status?.qosClass, "BestEffort");
    assert.match(status?.hostIP ?? "", /^\d+\.\d+\.\d+\.\d+$/);
    assert.deepEqual(status?.podIPs, [{ ip: status?.podIP }]);
    assert.ok(Date.parse(status?.startTime ?? "") > 0);
    const main = statusOf(pod);
    assert.equal(main?.image, BUSYBOX);
    assert.match(main?.imageID ?? "", /sha256:[0-9a-f]{64}$/);
    assert.deepEqual([main?.ready, main?.started, main?.restartCount, main?.lastState], [true, true, 0, {}]);
    const real = await node().cri.runtime.containerStatus(containerIdOf(pod));
    assert.equal(real?.state, "CONTAINER_RUNNING");
    assert.equal(main?.state?.running?.startedAt, new Date(real.startedAtMs).toISOString().replace(/\.\d+Z$/, "Z"));
    const log = await node().untilLog(pod, /Kubernetes-managed hosts file/);
    assert.match(log, new RegExp(`^name=whole ip=${status?.podIP} host=whole$`, "m"));
    assert.match(log, new RegExp(`^${status?.podIP}\\s+whole$`, "m"));
    const reasons = (await node().events("whole")).map(({ reason }) => reason);
    assert.deepEqual(reasons, ["Pulled", "Created", "Started"]);
  });

  it("keeps logs in the kubelet's layout, with a link that log collectors follow", async () => {
    node().write("linked.yaml", shellPod("linked", `echo hello; ${SLEEP}`));
    const pod = await node().untilPod("linked", "is ready", isRunning);
    await node().untilLog(pod, /^hello$/m);
    const name = `/linked_default_main-${containerIdOf(pod)}.log`;
    await node().until("the link is there", () =>
      node()
        .logLinks()
        .some((link) => link.endsWith(name)),
    );
    const link =
      node()
        .logLinks()
        .find((path) => path.endsWith(name)) ?? "";
    assert.equal(readlinkSync(link), node().logPath(pod));
    assert.equal(realpathSync(link), `${node().logDir}/default_linked_${pod.metadata?.uid}/main/0.log`);
  });

  it("says ErrImageNeverPull for an image that is not there and may not be pulled", async () => {
    const container = { name: "main", image: "localhost/none:1", imagePullPolicy: "Never" };
    node().write("absent.yaml", shellPod("absent", "", { containers: [container] }));
    const pod = await node().untilPod(
      "absent",
      "says why",
      (seen) => statusOf(seen)?.state?.waiting?.reason === "ErrImageNeverPull",
    );
    const message = 'Container image "localhost/none:1" is not present with pull policy of Never';
    assert.equal(statusOf(pod)?.state?.waiting?.message, message);
    assert.equal(pod.status?.phase, "Pending");
    await node().untilEvent("absent", "ErrImageNeverPull");
  });

  it("backs off from an image that cannot be pulled", async () => {
    const container = { name: "main", image: "127.0.0.1:1/none:1", imagePullPolicy: "IfNotPresent" };
    node().write("nopull.yaml", shellPod("nopull", "", { containers: [container] }));
    const waits = (reason: string) => (pod: Parameters<typeof statusOf>[0]) =>
      statusOf(pod)?.state?.waiting?.reason === reason;
    await node().untilPod("nopull", "failed to pull", waits("ErrImagePull"));
    await node().untilEvent("nopull", "Failed", /Failed to pull image "127.0.0.1:1\/none:1"/);
    const pod = await node().untilPod("nopull", "backs off", waits("ImagePullBackOff"));
    assert.match(
      statusOf(pod)?.state?.waiting?.message ?? "",
      /^Back-off pulling image "127\.0\.0\.1:1\/none:1": ErrImagePull: .*connection refused/,
    );
  });

  it("waits for a ConfigMap that a variable names, and starts when it comes", async () => {
    const variable = { name: "COLOR", valueFrom: { configMapKeyRef: { name: "colors", key: "color" } } };
    const command = ["sh", "-c", `echo color=$COLOR; ${SLEEP}`];
    const container = { name: "main", image: BUSYBOX, imagePullPolicy: "Never", command, env: [variable] };
    node().write("colored.yaml", shellPod("colored", "", { containers: [container] }));
    const waiting = await node().untilPod(
      "colored",
      "waits",
      (pod) => statusOf(pod)?.state?.waiting?.reason === "CreateContainerConfigError",
    );
    assert.equal(statusOf(waiting)?.state?.waiting?.message, 'configmap "colors" not found');
    const from = performance.now();
    node().write("colors.yaml", {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "colors" },
      data: { color: "green" },
    });
    const pod = await node().untilPod("colored", "is ready", isRunning);
    assert.ok(performance.now() - from < 5_000, "it started at once, not at the next retry");
    await node().untilLog(pod, /^color=green$/m);
    assert.equal(statusOf(pod)?.restartCount, 0);
  });

  it("refuses to run as root what must not, and runs it as the user of its security context", async () => {
    const container = (securityContext: object) => ({
      name: "main",
      image: BUSYBOX,
      imagePullPolicy: "Never",
      command: ["sh", "-c", `echo user=$(id -u):$(id -g); ${SLEEP}`],
      securityContext,
    });
    node().write(
      "users.yaml",
      shellPod("rooted", "", { containers: [container({ runAsNonRoot: true })] }),
      shellPod("user", "", {
        containers: [container({ runAsNonRoot: true })],
        securityContext: { runAsUser: 1000, runAsGroup: 2000 },
      }),
    );
    const refused = await node().untilPod(
      "rooted",
      "is refused",
      (pod) => statusOf(pod)?.state?.waiting?.reason === "CreateContainerConfigError",
    );
    assert.match(statusOf(refused)?.state?.waiting?.message ?? "", /runAsNonRoot and image will run as root/);
    await node().untilLog(await node().untilPod("user", "is ready", isRunning), /^user=1000:2000$/m);
  });
}
