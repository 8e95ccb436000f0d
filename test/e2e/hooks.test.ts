/** Lifecycle hooks of every kind in real containers. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { AgentNode, BUSYBOX, conditionOf, isRunning, SLEEP, shellPod, statusOf } from "../support/agent-node.ts";
import { PROBED_VOLUMES, probedContainer } from "../support/probed-server.ts";
import { linesIn } from "../support/seen-files.ts";

const node = new AgentNode({ bridge: "tskhook0" });
const seen = join(node.base, "seen");

const linesOf = (name: string) => linesIn(seen, name);

function hooked(
  name: string,
  script: string,
  lifecycle: object,
  spec: Readonly<Record<string, unknown>> = {},
): unknown {
  const container = {
    name: "main",
    image: BUSYBOX,
    imagePullPolicy: "Never",
    command: ["sh", "-c", script],
    lifecycle,
    volumeMounts: [{ name: "seen", mountPath: "/seen" }],
  };
  return shellPod(name, "", {
    containers: [container],
    volumes: [{ name: "seen", hostPath: { path: seen } }],
    ...spec,
  });
}

const exec = (script: string) => ({ exec: { command: ["sh", "-c", script] } });

describe("lifecycle hooks on real containerd", () => {
  before(async () => {
    mkdirSync(seen);
    await node.start();
  });
  after(() => node.close());

  describe("at one time", { concurrency: 8 }, () => {
    it("is not ready before its postStart hook has ended, and the next container waits, too", async () => {
      const lifecycle = { postStart: exec("echo began >> /seen/post; while [ ! -e /seen/go ]; do sleep 0.1; done") };
      const spec = hooked("post", SLEEP, lifecycle) as { spec: { containers: object[] } };
      spec.spec.containers.push({ name: "next", image: BUSYBOX, imagePullPolicy: "Never", command: ["sleep", "1000"] });
      node.write("post.yaml", spec);
      await node.until("the hook runs", () => linesOf("post").length > 0);
      const early = await node.pod("post");
      assert.ok(early);
      assert.equal(statusOf(early)?.state?.waiting?.reason, "ContainerCreating");
      assert.notEqual(conditionOf(early, "Ready"), "True");
      assert.equal((await node.events("post")).filter(({ reason }) => reason === "Started").length, 1);
      node.writeText("go", "", seen);
      const pod = await node.untilPod("post", "is ready", isRunning);
      assert.deepEqual([statusOf(pod)?.restartCount, statusOf(pod, "next")?.ready], [0, true]);
      assert.deepEqual(linesOf("post"), ["began"]);
    });

    it("ends a container whose postStart hook failed, and starts it again", async () => {
      const lifecycle = { postStart: exec("echo secret; [ -e /seen/tried ] || { touch /seen/tried; exit 3; }") };
      node.write("failing.yaml", hooked("failing", SLEEP, lifecycle));
      await node.untilEvent("failing", "FailedPostStartHook", /^PostStartHook failed$/);
      await node.untilEvent("failing", "Killing", /^FailedPostStartHook$/);
      const pod = await node.untilPod("failing", "is ready", isRunning);
      assert.deepEqual([statusOf(pod)?.restartCount, statusOf(pod)?.lastState?.terminated?.exitCode], [1, 0]);
    });

    it("shows why a postStart hook failed where nothing is restarted", async () => {
      const lifecycle = { postStart: exec("echo told; exit 3") };
      node.write("hopeless.yaml", hooked("hopeless", SLEEP, lifecycle, { restartPolicy: "Never" }));
      const pod = await node.untilPod("hopeless", "has ended", ({ status }) => status?.phase === "Succeeded");
      assert.equal(statusOf(pod)?.restartCount, 0);
      await node.untilEvent("hopeless", "FailedPostStartHook");
    });

    it("runs preStop before the container is asked to end, within its grace", async () => {
      const script = "trap 'echo term >> /seen/pre; exit 0' TERM; while true; do sleep 1000 & wait $!; done";
      const lifecycle = { preStop: exec("echo hook >> /seen/pre; sleep 1; echo over >> /seen/pre") };
      node.write("pre.yaml", hooked("pre", script, lifecycle, { terminationGracePeriodSeconds: 20 }));
      await node.untilPod("pre", "is ready", isRunning);
      node.remove("pre.yaml");
      await node.untilGone("pre");
      assert.deepEqual(linesOf("pre"), ["hook", "over", "term"]);
    });

    it("does not wait for a preStop hook beyond the grace", async () => {
      const script = "trap 'echo term >> /seen/long; exit 0' TERM; while true; do sleep 1000 & wait $!; done";
      const lifecycle = { preStop: exec("echo hook >> /seen/long; sleep 1000") };
      node.write("long.yaml", hooked("long", script, lifecycle, { terminationGracePeriodSeconds: 3 }));
      await node.untilPod("long", "is ready", isRunning);
      const from = performance.now();
      node.remove("long.yaml");
      await node.untilGone("long");
      const tookMs = performance.now() - from;
      assert.ok(tookMs > 2_900 && tookMs < 9_000, `gone after ${tookMs} ms`);
      assert.deepEqual(linesOf("long"), ["hook", "term"]);
    });

    it("tells a preStop hook that failed, and ends the container all the same", async () => {
      const spec = { terminationGracePeriodSeconds: 20 };
      node.write("bad.yaml", hooked("bad", SLEEP, { preStop: exec("exit 1") }, spec));
      await node.untilPod("bad", "is ready", isRunning);
      node.remove("bad.yaml");
      await node.untilEvent("bad", "FailedPreStopHook", /^PreStopHook failed$/);
      await node.untilGone("bad", 10_000);
    });

    it("sleeps before the end, also where the image has no shell for it", async () => {
      const script = "trap 'date +%s > /seen/term; exit 0' TERM; while true; do sleep 1000 & wait $!; done";
      const spec = { terminationGracePeriodSeconds: 20 };
      node.write("sleep.yaml", hooked("sleep", script, { preStop: { sleep: { seconds: 2 } } }, spec));
      await node.untilPod("sleep", "is ready", isRunning);
      const from = Math.floor(Date.now() / 1000);
      node.remove("sleep.yaml");
      await node.untilGone("sleep");
      const sleptSeconds = Number(linesOf("term")[0]) - from;
      assert.ok(sleptSeconds >= 2 && sleptSeconds <= 6, `asked to end after ${sleptSeconds} s`);
    });

    it("asks over HTTP after the start, whatever the answer is", async () => {
      node.write("http.yaml", shellPod("http", "", { containers: [probedContainer({})], volumes: PROBED_VOLUMES }));
      const server = await node.untilPod("http", "is ready", isRunning);
      await node.untilLog(server, /serving/);
      const httpHeaders = [{ name: "X-Probe", value: "hook" }];
      const httpGet = { host: server.status?.podIP, path: "/hook?started", port: 8080, httpHeaders };
      node.write("asking.yaml", hooked("asking", SLEEP, { postStart: { httpGet } }));
      const pod = await node.untilPod("asking", "is ready", isRunning);
      assert.equal(statusOf(pod)?.restartCount, 0);
      await node.untilLog(server, /GET \/hook\?started host=\S+ agent=kube-lifecycle\/\S+ x=hook/);
    });

    it("asks over HTTPS before the end", async () => {
      const httpGet = { path: "/hook", port: 8443, scheme: "HTTPS" };
      const lifecycle = { preStop: { httpGet } };
      const readinessProbe = {
        httpGet: { path: "/", port: "web", httpHeaders: [{ name: "X-Probe", value: "well" }] },
        periodSeconds: 1,
      };
      const volumes = [...PROBED_VOLUMES, { name: "seen", hostPath: { path: seen } }];
      const container = probedContainer({ lifecycle, readinessProbe }) as { volumeMounts: object[]; command: string[] };
      container.volumeMounts.push({ name: "seen", mountPath: "/seen" });
      container.command = ["sh", "-c", `exec ${container.command.join(" ")} > /seen/requests`];
      const spec = { containers: [container], volumes, terminationGracePeriodSeconds: 20 };
      node.write("https.yaml", shellPod("https", "", spec));
      await node.untilPod("https", "is ready", isRunning);
      node.remove("https.yaml");
      await node.untilGone("https");
      assert.ok(linesOf("requests").some((line) => /^GET \/hook host=\S+:8443 agent=kube-lifecycle\//.test(line)));
      const events = await node.events("https");
      assert.ok(!events.some(({ reason }) => reason === "FailedPreStopHook"));
    });

    it("says of a tcpSocket hook what every kubelet says: it cannot run", async () => {
      node.write("tcp.yaml", hooked("tcp", SLEEP, { postStart: { tcpSocket: { port: 80 } } }));
      await node.untilEvent("tcp", "FailedPostStartHook");
    });

    it("runs preStop of a container that fails its liveness probe", async () => {
      const livenessProbe = { ...exec("[ -e /seen/alive ]"), periodSeconds: 1, failureThreshold: 1 };
      const pod = hooked("sick", SLEEP, { preStop: exec("echo bye >> /seen/sick; touch /seen/alive") });
      const [container] = (pod as { spec: { containers: Record<string, unknown>[] } }).spec.containers;
      assert.ok(container);
      container["livenessProbe"] = livenessProbe;
      node.write("sick.yaml", pod);
      await node.untilPod("sick", "was restarted", (each) => statusOf(each)?.restartCount === 1 && isRunning(each));
      assert.deepEqual(linesOf("sick"), ["bye"]);
    });
  });
});
