import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AgentNode, BUSYBOX, isRunning, SLEEP, shellPod, statusOf } from "../support/agent-node.ts";
import { PodTraces, untilNothingLeft } from "../support/pod-leftovers.ts";
import { observeRealPods } from "../support/real-state.ts";

const PODS = 100;
const FIRST_HOST_PORT = 29_000;

describe("a full node", { concurrency: 1 }, () => {
  const node = new AgentNode({ bridge: "tskden0" });
  const traces = new PodTraces(node);
  before(() => node.start());
  after(() => node.close());

  it(`runs ${PODS} pods of all kinds at once`, async (t) => {
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "secret" }, stringData: { key: "value" } };
    const from = performance.now();
    node.write("all.yaml", secret, ...Array.from({ length: PODS }, (_, i) => densePod(i)));
    await node.until("all run", async () => (await node.pods()).filter(isRunning).length === PODS, 120_000);
    t.diagnostic(`${PODS} pods run after ${Math.round(performance.now() - from)} ms`);
    const pods = await node.pods();
    assert.equal(new Set(pods.map(({ status }) => status?.podIP)).size, PODS, "every pod has its own address");
    assert.equal(new Set(pods.map(({ metadata }) => metadata?.uid)).size, PODS);
    assert.ok(pods.every((pod) => statusOf(pod)?.restartCount === 0));
    const real = await observeRealPods(node);
    assert.equal(real.length, PODS);
    assert.ok(real.every(({ readySandboxes }) => readySandboxes.length === 1));
    assert.equal(real.flatMap(({ running }) => running).length, PODS + PODS / 10);
    assert.equal((await node.status())?.readiness?.ready, true);
  });

  it("finds them all again when it starts anew, and touches none", async (t) => {
    const real = await observeRealPods(node);
    const from = performance.now();
    await node.end("SIGKILL");
    await node.start();
    await node.until("all are shown", async () => (await node.pods()).filter(isRunning).length === PODS, 30_000);
    t.diagnostic(`${PODS} pods taken up after ${Math.round(performance.now() - from)} ms`);
    assert.deepEqual(await observeRealPods(node), real);
  });

  it("ends them all and leaves nothing: no cgroup, mount, directory, sandbox, interface, address or rule", async (t) => {
    await traces.remember();
    const from = performance.now();
    node.remove("all.yaml");
    await node.until("no pod is left", async () => (await node.pods()).length === 0, 120_000);
    t.diagnostic(`${PODS} pods are gone after ${Math.round(performance.now() - from)} ms`);
    await untilNothingLeft(node, traces);
  });
});

function densePod(index: number): unknown {
  const name = `dense-${index}`;
  const main = { name: "main", image: BUSYBOX, imagePullPolicy: "Never", command: ["sh", "-c", SLEEP] };
  switch (index % 10) {
    case 0: {
      const volumeMounts = [{ name: "secret", mountPath: "/secret" }];
      const volumes = [{ name: "secret", secret: { secretName: "secret" } }];
      return shellPod(name, "", { containers: [{ ...main, volumeMounts }], volumes });
    }
    case 1: {
      const ports = [{ containerPort: 80, hostPort: FIRST_HOST_PORT + index }];
      return shellPod(name, "", { containers: [{ ...main, ports }] });
    }
    case 2:
      return shellPod(name, "", { containers: [main, { ...main, name: "side" }] });
    case 3: {
      const volumeMounts = [{ name: "memory", mountPath: "/memory" }];
      const volumes = [{ name: "memory", emptyDir: { medium: "Memory" } }];
      return shellPod(name, "", { containers: [{ ...main, volumeMounts }], volumes });
    }
    case 4:
      return shellPod(name, "", { containers: [{ ...main, resources: { limits: { cpu: "50m", memory: "32Mi" } } }] });
    default:
      return shellPod(name, SLEEP);
  }
}
