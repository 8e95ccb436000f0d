/** Probes of every kind against real servers in containers, and what their results do to the pod. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Pod } from "../../src/core/api/types.ts";
import {
  AgentNode,
  BUSYBOX,
  conditionOf,
  containerIdOf,
  isRunning,
  SLEEP,
  shellPod,
  statusOf,
} from "../support/agent-node.ts";
import { PROBED_VOLUMES, probedContainer } from "../support/probed-server.ts";

const node = new AgentNode({ bridge: "tskprobe0" });

describe("probes on real containerd", () => {
  before(() => node.start());
  after(() => node.close());

  describe("at one time", { concurrency: 8 }, () => {
    it("asks over HTTP by a named port, with headers and over a redirect", async () => {
      const httpGet = {
        path: "/moved?from=probe",
        port: "web",
        httpHeaders: [
          { name: "X-Probe", value: "well" },
          { name: "Host", value: "probed.test" },
        ],
      };
      node.write("http.yaml", serverPod("http", { readinessProbe: { httpGet, periodSeconds: 1 } }));
      const pod = await node.untilPod("http", "is ready", isRunning);
      const log = await node.untilLog(pod, /GET \/healthz/);
      assert.match(log, /GET \/moved\?from=probe host=probed\.test agent=kube-probe\/\d\S* x=well/);
      assert.match(log, /GET \/healthz host=probed\.test agent=kube-probe\/\d\S* x=well/);
      await sicken(pod);
      const unready = await node.untilPod("http", "is not ready", (seen) => conditionOf(seen, "Ready") === "False");
      assert.equal(unready.status?.conditions?.find(({ type }) => type === "Ready")?.reason, "ContainersNotReady");
      assert.equal(statusOf(unready)?.restartCount, 0);
      await node.untilEvent("http", "Unhealthy", /^Readiness probe failed: HTTP probe failed with statuscode: 503$/);
      await cure(pod);
      const again = await node.untilPod("http", "is ready again", isRunning);
      assert.equal(containerIdOf(again), containerIdOf(pod));
    });

    it("takes a redirect to another host for a warning and a success", async () => {
      const readinessProbe = { httpGet: { path: "/away", port: 8080 }, periodSeconds: 1 };
      node.write("away.yaml", serverPod("away", { readinessProbe }));
      await node.untilPod("away", "is ready", isRunning);
      await node.untilEvent("away", "ProbeWarning", /^Readiness probe warning: Probe terminated redirects/);
    });

    it("asks over HTTPS whatever the certificate says", async () => {
      const httpGet = { scheme: "HTTPS", port: 8443, httpHeaders: [{ name: "X-Probe", value: "well" }] };
      node.write("https.yaml", serverPod("https", { readinessProbe: { httpGet, periodSeconds: 1 } }));
      await node.untilPod("https", "is ready", isRunning);
    });

    it("asks a gRPC server for the health of a service", async () => {
      const grpc = { port: 9090, service: "web" };
      node.write("grpc.yaml", serverPod("grpc", { readinessProbe: { grpc, periodSeconds: 1 } }));
      const pod = await node.untilPod("grpc", "is ready", isRunning);
      await node.untilLog(pod, /grpc \/grpc\.health\.v1\.Health\/Check service=web/);
      await sicken(pod);
      await node.untilPod("grpc", "is not ready", (seen) => conditionOf(seen, "Ready") === "False");
      await node.untilEvent("grpc", "Unhealthy", /service unhealthy \(responded with "NOT_SERVING"\)$/);
    });

    it("tells what a gRPC server answers that does not know the service", async () => {
      const grpc = { port: 9090, service: "other" };
      node.write("unknown.yaml", serverPod("unknown", { readinessProbe: { grpc, periodSeconds: 1 } }));
      const event =
        /^Readiness probe failed: error: health rpc probe failed: .*code = NotFound desc = unknown service$/;
      await node.untilEvent("unknown", "Unhealthy", event);
      assert.equal(conditionOf((await node.pod("unknown")) ?? {}, "Ready"), "False");
    });

    it("is content with a TCP port that accepts, and restarts a container whose port is closed", async () => {
      const livenessProbe = { tcpSocket: { port: 7070 }, periodSeconds: 1, failureThreshold: 2 };
      const script = "nc -ll -p 7070 -e true & echo $! > /tmp/pid; sleep 1000 & wait";
      const readinessProbe = { tcpSocket: { port: 7070 }, periodSeconds: 1 };
      node.write("tcp.yaml", probedShell("tcp", script, { livenessProbe, readinessProbe }));
      const pod = await node.untilPod("tcp", "is ready", isRunning);
      await inContainer(pod, "kill $(cat /tmp/pid)");
      await node.untilPod("tcp", "is restarted", (seen) => statusOf(seen)?.restartCount === 1);
      const refused = /^Liveness probe failed: dial tcp 10\.\d+\.\d+\.\d+:7070: connect: connection refused$/;
      await node.untilEvent("tcp", "Unhealthy", refused);
    });

    it("restarts a container at once whose liveness failed, and gives it the probe's own grace", async () => {
      const livenessProbe = {
        exec: { command: ["sh", "-c", "echo looked; [ ! -e /tmp/sick ]"] },
        periodSeconds: 1,
        failureThreshold: 2,
        terminationGracePeriodSeconds: 3,
      };
      const stubborn = "trap '' TERM; while true; do sleep 1; done";
      const spec = { terminationGracePeriodSeconds: 600 };
      node.write("alive.yaml", probedShell("alive", stubborn, { livenessProbe }, spec));
      const pod = await node.untilPod("alive", "is ready", isRunning);
      const sickAt = performance.now();
      await inContainer(pod, "touch /tmp/sick");
      const killing = /^Container main failed liveness probe, will be restarted$/;
      await node.untilEvent("alive", "Killing", killing, 5_000);
      const killedAt = performance.now();
      const after = await node.untilPod("alive", "is restarted", (seen) => statusOf(seen)?.restartCount === 1);
      const restartedAt = performance.now();
      assert.ok(killedAt - sickAt < 3_500, `killed ${killedAt - sickAt} ms after it fell sick`);
      const graceMs = restartedAt - killedAt;
      assert.ok(graceMs > 2_500 && graceMs < 6_000, `started again ${graceMs} ms after the kill`);
      assert.equal(statusOf(after)?.lastState?.terminated?.exitCode, 137);
      const events = (await node.events("alive")).filter(({ reason }) => reason === "Unhealthy");
      assert.deepEqual(
        events.map(({ message, count }) => [message, count]),
        [["Liveness probe failed: looked\n", 2]],
      );
    });

    it("holds readiness and liveness back until the startup probe has succeeded", async () => {
      const probe = (command: string) => ({ exec: { command: ["sh", "-c", command] }, periodSeconds: 1 });
      const probes = {
        startupProbe: { ...probe("[ -e /tmp/started ]"), failureThreshold: 100 },
        livenessProbe: { ...probe("[ -e /tmp/started ]"), failureThreshold: 1 },
        readinessProbe: probe("echo ready >> /tmp/ready"),
      };
      node.write("slow.yaml", probedShell("slow", SLEEP, probes));
      await node.untilEvent("slow", "Unhealthy", /^Startup probe failed:/);
      const early = await node.untilPod("slow", "runs", (pod) => statusOf(pod)?.state?.running !== undefined);
      assert.deepEqual([statusOf(early)?.started, statusOf(early)?.ready, isRunning(early)], [false, false, false]);
      await inContainer(early, "[ ! -e /tmp/ready ] && touch /tmp/started");
      const from = performance.now();
      const pod = await node.untilPod("slow", "is ready", isRunning);
      assert.ok(performance.now() - from < 3_500, `ready ${performance.now() - from} ms after it had started`);
      assert.deepEqual([statusOf(pod)?.started, statusOf(pod)?.restartCount], [true, 0]);
    });

    it("restarts a container that never starts up", async () => {
      const startupProbe = { exec: { command: ["false"] }, periodSeconds: 1, failureThreshold: 2 };
      node.write("never.yaml", probedShell("never", SLEEP, { startupProbe }));
      await node.untilPod("never", "is restarted", (seen) => statusOf(seen)?.restartCount === 1);
      await node.untilEvent("never", "Killing", /^Container main failed startup probe, will be restarted$/);
    });

    it("takes a command that does not end in time for a failure", async () => {
      const readinessProbe = { exec: { command: ["sleep", "60"] }, periodSeconds: 1, timeoutSeconds: 1 };
      node.write("late.yaml", probedShell("late", SLEEP, { readinessProbe }));
      await node.untilEvent("late", "Unhealthy", /^Readiness probe failed: command "sleep 60" timed out$/);
      assert.equal(isRunning((await node.pod("late")) ?? {}), false);
    });

    it("tells failures whose words differ each time as one event", async () => {
      const command = ["sh", "-c", "cat /proc/uptime; exit 1"];
      const readinessProbe = { exec: { command }, periodSeconds: 1, failureThreshold: 1 };
      node.write("babble.yaml", probedShell("babble", SLEEP, { readinessProbe }));
      await node.untilEvent("babble", "Unhealthy", /^\(combined from similar events\): Readiness probe failed: \d+/);
      const told = (await node.events("babble")).filter(({ reason }) => reason === "Unhealthy");
      assert.ok(told.length <= 11, `${told.length} events`);
    });
  });
});

function serverPod(name: string, probes: Readonly<Record<string, unknown>>): unknown {
  return shellPod(name, "", { containers: [probedContainer(probes)], volumes: PROBED_VOLUMES });
}

function shell(name: string, script: string): Readonly<Record<string, unknown>> {
  return { name, image: BUSYBOX, imagePullPolicy: "Never", command: ["sh", "-c", script] };
}

function probedShell(name: string, script: string, probes: object, spec: Readonly<Record<string, unknown>> = {}) {
  return shellPod(name, "", { containers: [{ ...shell("main", script), ...probes }], ...spec });
}

async function inContainer(pod: Pod, script: string, container = "main"): Promise<void> {
  const { exitCode, stderr } = await node.cri.runtime.execSync(containerIdOf(pod, container), ["sh", "-c", script], 10);
  assert.equal(exitCode, 0, `${script}: ${new TextDecoder().decode(stderr)}`);
}

function sicken(pod: Pod): Promise<void> {
  return inContainer(pod, "touch /state/sick");
}

function cure(pod: Pod): Promise<void> {
  return inContainer(pod, "rm /state/sick");
}
