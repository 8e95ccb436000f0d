/** Who is let in, on a node with one CPU for pods and room for five of them. */
import assert from "node:assert/strict";
import { cpus } from "node:os";
import { after, before, describe, it } from "node:test";
import { stringify } from "yaml";
import type { Pod } from "../../src/core/api/types.ts";
import { AgentNode, BUSYBOX, conditionOf, containerIdOf, isRunning, SLEEP, statusOf } from "../support/agent-node.ts";
import { PodTraces, untilNothingLeft } from "../support/pod-leftovers.ts";
import { Program } from "../support/program.ts";

const MAX_PODS = 5;
const CRITICAL = { priorityClassName: "system-node-critical" };

interface Asked {
  readonly requests?: Readonly<Record<string, string>>;
  readonly ports?: readonly object[];
  readonly spec?: Readonly<Record<string, unknown>>;
}

describe("admission", { concurrency: 1 }, () => {
  const node = new AgentNode({
    bridge: "tskadmit0",
    kubelet: {
      maxPods: MAX_PODS,
      // One CPU is left for pods; what their cgroup gets does not matter here.
      systemReserved: { cpu: String(cpus().length - 1) },
      enforceNodeAllocatable: [],
    },
    flags: ["--node-labels", "zone=a,cores=8", "--register-with-taints", "burning=yes:NoExecute,full=yes:NoSchedule"],
  });
  const program = new Program(node.rootDir);
  before(() => node.start());
  after(() => node.close());

  /** A pod that tolerates what there is on this node. */
  const pod = (name: string, { requests, ports, spec }: Asked = {}) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 1,
      tolerations: [{ key: "burning", operator: "Exists" }],
      containers: [
        {
          name: "main",
          image: BUSYBOX,
          imagePullPolicy: "Never",
          command: ["sh", "-c", SLEEP],
          ...(ports && { ports }),
          ...(requests && { resources: { requests } }),
        },
      ],
      ...spec,
    },
  });
  const write = (name: string, asked: Asked = {}) => node.write(`${name}.yaml`, pod(name, asked));
  const running = (name: string) => node.untilPod(name, "is ready", isRunning);
  const failed = (name: string, reason: string) =>
    node.untilPod(name, `is Failed: ${reason}`, ({ status }) => status?.phase === "Failed" && status.reason === reason);
  const messageOf = ({ status }: Pod) => status?.message ?? "";
  const nothingRuns = async (...names: readonly string[]) => {
    const sandboxes = await node.cri.runtime.listPodSandbox();
    const there = sandboxes.map(({ metadata }) => metadata.name).filter((name) => names.includes(name));
    assert.deepEqual(there, []);
  };
  const clear = async () => {
    const all = await node.pods();
    node.removeAll();
    for (const { metadata } of all) await node.untilGone(metadata?.name ?? "");
  };

  it("refuses a pod without room and shows why; lets it in when another has left", async () => {
    write("first", { requests: { cpu: "600m" } });
    await running("first");
    write("second", { requests: { cpu: "600m" } });
    const message = "Node didn't have enough resource: cpu, requested: 600, used: 600, capacity: 1000";
    assert.equal(messageOf(await failed("second", "OutOfcpu")), `Pod was rejected: ${message}`);
    assert.equal((await node.untilEvent("second", "OutOfcpu")).message, message);
    await nothingRuns("second");
    assert.match((await program.run("get", "pods")).out, /^second +0\/1 +OutOfcpu +0 /m);
    const described = (await program.run("describe", "pod", "second")).out;
    assert.match(described, /^Status: +Failed\nReason: +OutOfcpu\nMessage: +Pod was rejected: Node didn't have/m);
    node.remove("first.yaml");
    await running("second");
    await clear();
  });

  it("refuses for every other reason in the kubelet's words", async () => {
    const affinity = (key: string, operator: string, ...values: readonly string[]) => ({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key, operator, ...(values.length > 0 && { values }) }] }],
          },
        },
      },
    });
    const port = [{ containerPort: 80, hostPort: 38_080, hostIP: "127.0.0.1" }];
    write("holder", { ports: port });
    write("chosen", { spec: { nodeSelector: { zone: "a" }, ...affinity("cores", "Gt", "4") } });
    for (const name of ["holder", "chosen"]) await running(name);
    const refused: readonly (readonly [name: string, reason: string, asked: Asked, words: RegExp])[] = [
      [
        "memory",
        "OutOfmemory",
        { requests: { memory: "1Pi" } },
        /enough resource: memory, requested: 1125899906842624, /,
      ],
      [
        "disk",
        "OutOfephemeral-storage",
        { requests: { "ephemeral-storage": "1Pi" } },
        /: ephemeral-storage, requested/,
      ],
      [
        "selector",
        "NodeAffinity",
        { spec: { nodeSelector: { zone: "b" } } },
        /didn't match Pod's node affinity\/selector$/,
      ],
      [
        "affinity",
        "NodeAffinity",
        { spec: affinity("zone", "DoesNotExist") },
        /^Pod was rejected: Predicate NodeAffinity/,
      ],
      ["elsewhere", "NodeName", { spec: { nodeName: "elsewhere" } }, /didn't match the requested node name$/],
      ["port", "NodePorts", { ports: port }, /didn't have free ports for the requested pod ports$/],
      ["intolerant", "TaintToleration", { spec: { tolerations: [] } }, /had taints that the pod didn't tolerate$/],
      ["windows", "PodOSNotSupported", { spec: { os: { name: "windows" } } }, /OS field doesn't match node OS$/],
    ];
    for (const [name, , asked] of refused) write(name, asked);
    for (const [name, reason, , words] of refused) assert.match(messageOf(await failed(name, reason)), words);
    await nothingRuns(...refused.map(([name]) => name));
    // Its tolerations may be changed while it is there.
    write("intolerant", { spec: { tolerations: [{ operator: "Exists" }] } });
    await running("intolerant");
    await clear();
  });

  it("ends lesser pods for a critical one, and has them back when it has left", async () => {
    write("lesser", { requests: { cpu: "700m" } });
    write("bystander", { requests: { cpu: "100m" } });
    const bystander = await running("bystander");
    await running("lesser");
    write("critical", { requests: { cpu: "800m" }, spec: CRITICAL });
    const lesser = await failed("lesser", "Preempting");
    assert.equal(messageOf(lesser), "Preempted in order to admit critical pod");
    assert.equal(conditionOf(lesser, "DisruptionTarget"), "True");
    const { type } = await node.untilEvent("lesser", "Preempting", /^Preempted in order to admit critical pod$/);
    assert.equal(type, "Warning");
    await running("critical");
    assert.equal(containerIdOf(await running("bystander")), containerIdOf(bystander));
    node.remove("critical.yaml");
    await running("lesser");
    await clear();
  });

  it("keeps to maxPods, and makes way for a static pod", async () => {
    const names = Array.from({ length: MAX_PODS }, (_, n) => `p${n}`);
    for (const name of names) write(name, { spec: { priority: name === "p0" ? -1 : 0 } });
    await Promise.all(names.map(running));
    write("late");
    assert.match(messageOf(await failed("late", "OutOfpods")), /: pods, requested: 1, used: 5, capacity: 5$/);
    const fixed = pod("fixed", { spec: { tolerations: [], containers: pod("fixed").spec.containers } });
    node.writeText("fixed.yaml", stringify(fixed), node.staticDir);
    const nodeName = (await node.pod("p1"))?.spec?.nodeName;
    await node.untilPod(`fixed-${nodeName}`, "is ready", isRunning);
    const all = await node.pods();
    assert.equal(all.filter(isRunning).length, MAX_PODS);
    assert.equal(all.filter(({ status }) => status?.reason === "Preempting").length, 1);
    node.remove("fixed.yaml", node.staticDir);
    await clear();
  });

  it("keeps what runs when the agent starts anew, whatever else has come", async () => {
    write("z-running", { requests: { cpu: "900m" } });
    const before = await running("z-running");
    await node.end("SIGKILL");
    write("a-new", { requests: { cpu: "900m" }, spec: { priority: 1000 } });
    await node.start();
    await failed("a-new", "OutOfcpu");
    const now = await running("z-running");
    assert.deepEqual([containerIdOf(now), statusOf(now)?.restartCount], [containerIdOf(before), 0]);
  });

  it("leaves nothing behind", async () => {
    const traces = new PodTraces(node);
    await traces.remember();
    node.removeAll();
    await untilNothingLeft(node, traces, 60_000);
  });
});
