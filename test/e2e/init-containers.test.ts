/** Sidecars, ephemeral containers and shared process namespaces in real containers. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
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
import { linesIn } from "../support/seen-files.ts";

const node = new AgentNode({
  bridge: "tskinit0",
  kubelet: {
    // Crash loops turn fast, so that a test sees several rounds.
    featureGates: { KubeletCrashLoopBackOffMax: true },
    crashLoopBackOff: { maxContainerRestartPeriod: "1s" },
  },
});
const seen = join(node.base, "seen");
const VOLUMES = [{ name: "seen", hostPath: { path: seen } }];

const linesOf = (name: string) => linesIn(seen, name);

function shell(name: string, script: string, fields: Readonly<Record<string, unknown>> = {}) {
  return {
    name,
    image: BUSYBOX,
    imagePullPolicy: "Never",
    command: ["sh", "-c", script],
    volumeMounts: [{ name: "seen", mountPath: "/seen" }],
    ...fields,
  };
}

function sidecar(name: string, script: string, fields: Readonly<Record<string, unknown>> = {}) {
  return shell(name, script, { restartPolicy: "Always", ...fields });
}

function podOf(name: string, spec: Readonly<Record<string, unknown>>): unknown {
  return shellPod(name, "", { volumes: VOLUMES, ...spec });
}

/** Writes `NAME began` and, when it is asked to end, `NAME ended`. */
function told(pod: string, name: string): string {
  const line = (what: string) => `echo ${name} ${what} >> /seen/${pod}`;
  return `${line("began")}; trap '${line("ended")}; exit 3' TERM; while true; do sleep 1000 & wait $!; done`;
}

describe("init containers, sidecars and ephemeral containers on real containerd", () => {
  before(async () => {
    mkdirSync(seen);
    await node.start();
  });
  after(() => node.close());

  describe("at one time", { concurrency: 8 }, () => {
    it("starts sidecars and init containers in their order, and ends sidecars last, the last one first", async () => {
      const once = "echo once began >> /seen/order; sleep 1; echo once ended >> /seen/order";
      const initContainers = [
        sidecar("first", told("order", "first")),
        shell("once", once),
        sidecar("second", told("order", "second")),
      ];
      const containers = [shell("main", told("order", "main"))];
      node.write("order.yaml", podOf("order", { initContainers, containers, terminationGracePeriodSeconds: 20 }));
      const pod = await node.untilPod("order", "is ready", isRunning);
      const states = ["first", "once", "second"].map((name) => statusOf(pod, name));
      assert.deepEqual(
        states.map((status) => [status?.started ?? false, status?.ready]),
        [
          [true, true],
          [false, true],
          [true, true],
        ],
      );
      await node.until("all have begun", () => linesOf("order").includes("main began"));
      node.remove("order.yaml");
      await node.untilGone("order");
      assert.deepEqual(linesOf("order"), [
        "first began",
        "once began",
        "once ended",
        "second began",
        "main began",
        "main ended",
        "second ended",
        "first ended",
      ]);
    });

    it("waits for a sidecar's startup probe before anything else starts", async () => {
      const probe = {
        exec: { command: ["sh", "-c", "[ -e /seen/started ]"] },
        periodSeconds: 1,
        failureThreshold: 100,
      };
      const initContainers = [sidecar("side", SLEEP, { startupProbe: probe })];
      node.write("gated.yaml", podOf("gated", { initContainers, containers: [shell("main", SLEEP)] }));
      await node.untilEvent("gated", "Unhealthy", /^Startup probe failed/);
      const early = await node.untilPod(
        "gated",
        "has a sidecar that runs",
        (pod) => statusOf(pod, "side")?.state?.running !== undefined,
      );
      assert.equal(early.status?.phase, "Pending");
      assert.equal(statusOf(early)?.state?.waiting?.reason, "PodInitializing");
      assert.deepEqual([statusOf(early, "side")?.started, conditionOf(early, "Initialized")], [false, "False"]);
      node.writeText("started", "", seen);
      const pod = await node.untilPod("gated", "is ready", isRunning);
      assert.equal(conditionOf(pod, "Initialized"), "True");
    });

    it("starts a sidecar again that ended, beside what runs, whatever its exit code", async () => {
      const script = `echo began >> /seen/again; [ $(wc -l < /seen/again) -gt 2 ] || exit 0; ${SLEEP}`;
      const spec = { initContainers: [sidecar("side", script)], containers: [shell("main", SLEEP)] };
      node.write("again.yaml", podOf("again", { ...spec, restartPolicy: "Never" }));
      const main = await node.untilPod("again", "runs", (pod) => statusOf(pod)?.state?.running !== undefined);
      const pod = await node.untilPod("again", "has its sidecar back", (each) => {
        return isRunning(each) && statusOf(each, "side")?.restartCount === 2;
      });
      assert.equal(containerIdOf(pod), containerIdOf(main));
      assert.equal(statusOf(pod, "side")?.lastState?.terminated?.exitCode, 0);
    });

    it("restarts a sidecar alone whose liveness failed", async () => {
      const livenessProbe = {
        exec: { command: ["sh", "-c", "[ ! -e /tmp/sick ]"] },
        periodSeconds: 1,
        failureThreshold: 1,
      };
      const spec = { initContainers: [sidecar("side", SLEEP, { livenessProbe })], containers: [shell("main", SLEEP)] };
      node.write("sick.yaml", podOf("sick", spec));
      const before = await node.untilPod("sick", "is ready", isRunning);
      await inContainer(before, "touch /tmp/sick", "side");
      await node.untilEvent("sick", "Killing", /^Init container side failed liveness probe$/);
      const pod = await node.untilPod("sick", "has its sidecar back", (each) => {
        return isRunning(each) && statusOf(each, "side")?.restartCount === 1;
      });
      assert.equal(containerIdOf(pod), containerIdOf(before));
      assert.equal(statusOf(pod)?.restartCount, 0);
    });

    it("ends sidecars when the regular containers are done; only those decide how the pod ended", async () => {
      const spec = (code: number) => ({
        initContainers: [sidecar("side", told(`done-${code}`, "side"))],
        containers: [shell("main", `while [ ! -s /seen/done-${code} ]; do sleep 0.1; done; exit ${code}`)],
        restartPolicy: "Never",
        terminationGracePeriodSeconds: 20,
      });
      for (const [code, phase] of [
        [0, "Succeeded"],
        [4, "Failed"],
      ] as const) {
        const name = `done-${code}`;
        node.write(`${name}.yaml`, podOf(name, spec(code)));
        const pod = await node.untilPod(name, `is ${phase}`, ({ status }) => status?.phase === phase);
        assert.deepEqual(linesOf(name), ["side began", "side ended"]);
        const side = statusOf(pod, "side");
        assert.deepEqual([side?.state?.terminated?.exitCode, side?.restartCount], [3, 0]);
      }
    });

    it("adds an ephemeral container to a running pod that is named in its manifest, and restarts nothing", async () => {
      const pod = (extra: object = {}) =>
        podOf("debugged", { containers: [shell("main", "exec sleep 1000")], ...extra });
      node.write("debugged.yaml", pod());
      const before = await node.untilPod("debugged", "is ready", isRunning);
      const script = "ps -o pid,args > /seen/processes; echo there; exit 5";
      const ephemeral = (name: string, target: string) => shell(name, script, { targetContainerName: target });
      node.write("debugged.yaml", pod({ ephemeralContainers: [ephemeral("debug", "main")] }));
      const after = await node.untilPod("debugged", "has been debugged", ({ status }) => {
        return status?.ephemeralContainerStatuses?.[0]?.state?.terminated !== undefined;
      });
      const [debug] = after.status?.ephemeralContainerStatuses ?? [];
      assert.deepEqual([debug?.name, debug?.state?.terminated?.exitCode, debug?.restartCount], ["debug", 5, 0]);
      assert.equal(after.metadata?.uid, before.metadata?.uid);
      assert.deepEqual([containerIdOf(after), isRunning(after)], [containerIdOf(before), true]);
      assert.ok(
        linesOf("processes").some((line) => /^\s*1 .*sleep 1000/.test(line)),
        linesOf("processes").join("\n"),
      );
      // It ended and stays so: nothing restarts it, also where another one comes.
      const second = { ephemeralContainers: [ephemeral("debug", "main"), shell("more", SLEEP)] };
      node.write("debugged.yaml", pod(second));
      const more = await node.untilPod("debugged", "has another one", ({ status }) => {
        return status?.ephemeralContainerStatuses?.find(({ name }) => name === "more")?.state?.running !== undefined;
      });
      const ids = more.status?.ephemeralContainerStatuses?.map(({ name, containerID }) => [name, containerID]);
      assert.deepEqual(ids?.[0], ["debug", debug?.containerID]);
      assert.deepEqual([containerIdOf(more), isRunning(more)], [containerIdOf(before), true]);
      node.write("debugged.yaml", pod());
      await node.untilEvent("debugged", "Killing", /^Container more is not in the pod any more$/);
      const rest = await node.untilPod("debugged", "has none", ({ status }) => {
        return status?.ephemeralContainerStatuses === undefined;
      });
      assert.deepEqual([containerIdOf(rest), isRunning(rest)], [containerIdOf(before), true]);
    });

    it("says when an ephemeral container names a container that is not there yet", async () => {
      const initContainers = [shell("init", "while [ ! -e /seen/go ]; do sleep 0.1; done")];
      const ephemeralContainers = [shell("debug", SLEEP, { targetContainerName: "main" })];
      const spec = { initContainers, ephemeralContainers, containers: [shell("main", SLEEP)] };
      node.write("early.yaml", podOf("early", spec));
      await node.untilEvent("early", "Failed", /^Error: unable to find target container main$/);
      node.writeText("go", "", seen);
      await node.untilPod("early", "is debugged", ({ status }) => {
        return status?.ephemeralContainerStatuses?.[0]?.state?.running !== undefined;
      });
    });

    it("shows the processes of all containers to each where they share their namespace", async () => {
      const containers = [shell("main", "sleep 4711"), shell("other", "sleep 4712")];
      node.write("shared.yaml", podOf("shared", { shareProcessNamespace: true, containers }));
      node.write("apart.yaml", podOf("apart", { containers }));
      const shared = await node.untilPod("shared", "is ready", isRunning);
      const apart = await node.untilPod("apart", "is ready", isRunning);
      await inContainer(shared, "ps -o args | grep -q 'sleep [4]712'");
      await inContainer(apart, "! ps -o args | grep -q 'sleep [4]712'");
    });

    it("restarts containers by their own policies and rules", async () => {
      const rule = { action: "Restart", exitCodes: { operator: "In", values: [42] } };
      const counted = (name: string, codes: readonly number[]) => {
        const cases = codes.map((code, index) => `${index + 1}) exit ${code};;`).join(" ");
        return `echo run >> /seen/${name}; case $(wc -l < /seen/${name}) in ${cases} esac; ${SLEEP}`;
      };
      const containers = [
        shell("main", SLEEP),
        shell("ruled", counted("ruled", [42, 7]), { restartPolicy: "Never", restartPolicyRules: [rule] }),
        shell("never", counted("never", [1]), { restartPolicy: "Never" }),
        shell("failure", counted("failure", [1, 0]), { restartPolicy: "OnFailure" }),
      ];
      node.write("ruled.yaml", podOf("ruled", { containers, restartPolicy: "Always" }));
      const ended = (each: Pod, name: string) => statusOf(each, name)?.state?.terminated?.exitCode;
      const pod = await node.untilPod("ruled", "has come to rest", (each) => {
        return ended(each, "ruled") === 7 && ended(each, "never") === 1 && ended(each, "failure") === 0;
      });
      assert.deepEqual(
        ["ruled", "never", "failure"].map((name) => statusOf(pod, name)?.restartCount),
        [1, 0, 1],
      );
      assert.equal(pod.status?.phase, "Running");
    });
  });

  it("knows sidecars again after a restart of the agent, and leaves them alone", async () => {
    const before = await node.untilPod("gated", "is ready", isRunning);
    await node.end("SIGKILL");
    await node.start();
    const after = await node.untilPod("gated", "is ready", isRunning);
    assert.deepEqual(
      [containerIdOf(after), containerIdOf(after, "side")],
      [containerIdOf(before), containerIdOf(before, "side")],
    );
    assert.equal(statusOf(after, "side")?.restartCount, 0);
  });
});

async function inContainer(pod: Pod, script: string, container = "main"): Promise<void> {
  const { exitCode, stderr } = await node.cri.runtime.execSync(containerIdOf(pod, container), ["sh", "-c", script], 10);
  assert.equal(exitCode, 0, `${script}: ${new TextDecoder().decode(stderr)}`);
}
