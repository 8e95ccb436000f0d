import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Pod, PodSpec, ResourceList } from "../api/types.ts";
import { CONFIG_SOURCE_ANNOTATION } from "../pod/critical.ts";
import { type AdmissionDecision, decideAdmission, type PodInside } from "./decide.ts";
import { podDemand } from "./demand.ts";
import { type AdmissionNodeInput, admissionNode } from "./node.ts";

const CRITICAL = { priority: 2_000_000_000 };
const GPU = "example.com/gpu";

function pod(name: string, requests: ResourceList, spec: Partial<PodSpec> = {}): Pod {
  const container = { name: "c", resources: { requests } };
  return { metadata: { name, namespace: "default", uid: name }, spec: { containers: [container], ...spec } };
}

function guaranteed(name: string, requests: ResourceList): Pod {
  return pod(name, {}, { containers: [{ name: "c", resources: { requests, limits: requests } }] });
}

function isStatic(of: Pod): Pod {
  return { ...of, metadata: { ...of.metadata, annotations: { [CONFIG_SOURCE_ANNOTATION]: "file" } } };
}

function withPort(name: string, port: { hostPort: number; hostIP?: string; protocol?: "TCP" | "UDP" }): Pod {
  return pod(name, {}, { containers: [{ name: "c", ports: [{ containerPort: 80, ...port }] }] });
}

const NODE: AdmissionNodeInput = {
  name: "node",
  labels: { "kubernetes.io/os": "linux", disk: "ssd", cores: "8" },
  taints: [],
  allocatable: { cpu: "2", memory: "4Gi", "ephemeral-storage": "10Gi", pods: "3", "hugepages-2Mi": "4Mi", [GPU]: "1" },
};

interface Others {
  readonly staying?: readonly Pod[];
  readonly ending?: readonly Pod[];
}

function decide(candidate: Pod, others: Others = {}, node: Partial<AdmissionNodeInput> = {}): AdmissionDecision {
  const inside = (isEnding: boolean) => (other: Pod) => ({ pod: other, demand: podDemand(other), isEnding });
  const all: readonly PodInside[] = [
    ...(others.staying ?? []).map(inside(false)),
    ...(others.ending ?? []).map(inside(true)),
  ];
  const demand = podDemand(candidate);
  return decideAdmission({ node: admissionNode({ ...NODE, ...node }), pod: candidate, demand, inside: all });
}

/** "Reason: message" of a refusal, names of pods waited for or preempted, else "admit". */
function verdict(decision: AdmissionDecision): string {
  const names = (pods: readonly Pod[]) => pods.map(({ metadata }) => metadata?.name).join();
  if (decision.verdict === "refuse") return `${decision.reason}: ${decision.message}`;
  if (decision.verdict === "wait") return `wait for ${names(decision.for)}`;
  return decision.verdict === "preempt" ? `preempt ${names(decision.victims)}` : "admit";
}

describe("a pod's requests", () => {
  const nodeLacks = "Node didn't have enough resource";
  for (const [about, candidate, staying, expected] of [
    ["that fit exactly", pod("new", { cpu: "1500m" }), [pod("a", { cpu: "500m" })], "admit"],
    [
      "for too much CPU",
      pod("new", { cpu: "1501m" }),
      [pod("a", { cpu: "500m" })],
      `OutOfcpu: ${nodeLacks}: cpu, requested: 1501, used: 500, capacity: 2000`,
    ],
    [
      "for too much memory",
      pod("new", { memory: "4Gi" }),
      [pod("a", { memory: "1" })],
      `OutOfmemory: ${nodeLacks}: memory, requested: 4294967296, used: 1, capacity: 4294967296`,
    ],
    [
      "for too much ephemeral storage",
      pod("new", { "ephemeral-storage": "11Gi" }),
      [],
      `OutOfephemeral-storage: ${nodeLacks}: ephemeral-storage, requested: 11811160064, used: 0, capacity: 10737418240`,
    ],
    [
      "for too many huge pages",
      pod("new", { "hugepages-2Mi": "6Mi" }),
      [],
      `OutOfhugepages-2Mi: ${nodeLacks}: hugepages-2Mi, requested: 6291456, used: 0, capacity: 4194304`,
    ],
    [
      "for huge pages of a size that the node lacks",
      pod("new", { "hugepages-1Gi": "1Gi" }),
      [],
      `OutOfhugepages-1Gi: ${nodeLacks}: hugepages-1Gi, requested: 1073741824, used: 0, capacity: 0`,
    ],
    [
      "for a device that is taken",
      pod("new", { [GPU]: "1" }),
      [pod("a", { [GPU]: "1" })],
      `OutOfexample.com/gpu: ${nodeLacks}: example.com/gpu, requested: 1, used: 1, capacity: 1`,
    ],
    ["for a device that the node has never heard of", pod("new", { "example.com/fpga": "1" }), [], "admit"],
    ["for nothing, on a node with too much on it", pod("new", {}), [pod("a", { cpu: "3" })], "admit"],
    [
      "for one place too many",
      pod("new", { cpu: "3" }),
      [pod("a", {}), pod("b", {}), pod("c", {})],
      `OutOfpods: ${nodeLacks}: pods, requested: 1, used: 3, capacity: 3`,
    ],
  ] as const) {
    it(`${about}: ${expected.split(":")[0]}`, () => assert.equal(verdict(decide(candidate, { staying })), expected));
  }

  it("count init containers, sidecars and overhead as they run", () => {
    const of = (cpu: string, restartPolicy?: "Always") => ({
      name: "c",
      resources: { requests: { cpu } },
      ...(restartPolicy && { restartPolicy }),
    });
    const spec = (overhead: string): PodSpec => ({
      containers: [of("500m")],
      initContainers: [of("250m", "Always"), of("1500m")],
      overhead: { cpu: overhead },
    });
    assert.equal(verdict(decide(pod("new", {}, spec("250m")))), "admit");
    assert.match(verdict(decide(pod("new", {}, spec("251m")))), /^OutOfcpu: .* requested: 2001, used: 0/);
  });

  it("for storage of a size that nobody knows are not counted", () => {
    const node = { allocatable: { cpu: "2", memory: "4Gi" } };
    assert.equal(verdict(decide(pod("new", { "ephemeral-storage": "1Ti" }), {}, node)), "admit");
  });
});

describe("a node's labels", () => {
  const mismatch = "NodeAffinity: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector";
  type Requirement = { key: string; operator: string; values?: string[] };
  const affinity = (terms: readonly { matchExpressions?: Requirement[]; matchFields?: Requirement[] }[]) =>
    ({
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
    }) as unknown as Partial<PodSpec>;
  const expression = (key: string, operator: string, ...values: string[]) =>
    affinity([{ matchExpressions: [{ key, operator, values }] }]);
  for (const [about, spec, matches] of [
    ["a selector that they have", { nodeSelector: { disk: "ssd" } }, true],
    ["a selector that they lack", { nodeSelector: { disk: "ssd", zone: "a" } }, false],
    ["In", expression("disk", "In", "hdd", "ssd"), true],
    ["In of others", expression("disk", "In", "hdd"), false],
    ["NotIn", expression("disk", "NotIn", "ssd"), false],
    ["NotIn of a label that is missing", expression("zone", "NotIn", "a"), true],
    ["Exists", expression("zone", "Exists"), false],
    ["DoesNotExist", expression("zone", "DoesNotExist"), true],
    ["Gt", expression("cores", "Gt", "7"), true],
    ["Lt", expression("cores", "Lt", "8"), false],
    ["Gt of a word", expression("disk", "Gt", "7"), false],
    ["a term that is empty", affinity([{}]), false],
    ["one term of two", affinity([{}, { matchExpressions: [{ key: "disk", operator: "Exists" }] }]), true],
    [
      "the node by name",
      affinity([{ matchFields: [{ key: "metadata.name", operator: "In", values: ["node"] }] }]),
      true,
    ],
    ["all but it", affinity([{ matchFields: [{ key: "metadata.name", operator: "NotIn", values: ["node"] }] }]), false],
  ] as const) {
    it(`${matches ? "match" : "do not match"} ${about}`, () =>
      assert.equal(verdict(decide(pod("new", {}, spec))), matches ? "admit" : mismatch));
  }

  it("are looked at after the resources, of which the first reason is told", () => {
    assert.match(verdict(decide(pod("new", { cpu: "9" }, { nodeSelector: { zone: "a" } }))), /^OutOfcpu/);
  });
});

describe("a pod", () => {
  it("for another node is refused", () => {
    assert.equal(
      verdict(decide(pod("new", {}, { nodeName: "other" }))),
      "NodeName: Predicate NodeName failed: node(s) didn't match the requested node name",
    );
    assert.equal(verdict(decide(pod("new", {}, { nodeName: "node" }))), "admit");
  });

  it("for another operating system is refused", () => {
    assert.equal(
      verdict(decide(pod("new", {}, { os: { name: "windows" } }))),
      "PodOSNotSupported: Failed to admit pod as the OS field doesn't match node OS",
    );
    const labelled = pod("new", {});
    assert.equal(
      verdict(decide({ ...labelled, metadata: { ...labelled.metadata, labels: { "kubernetes.io/os": "windows" } } })),
      "PodOSSelectorNodeLabelDoesNotMatch: " +
        "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
    );
  });

  it("must tolerate taints NoExecute, and those alone", () => {
    const taints = [
      { key: "a", value: "1", effect: "NoExecute" },
      { key: "b", effect: "NoSchedule" },
    ];
    const refusal =
      "TaintToleration: Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate";
    const tolerating = (value: string) => pod("new", {}, { tolerations: [{ key: "a", value }] });
    assert.equal(verdict(decide(pod("new", {}), {}, { taints })), refusal);
    assert.equal(verdict(decide(tolerating("2"), {}, { taints })), refusal);
    assert.equal(verdict(decide(tolerating("1"), {}, { taints })), "admit");
    assert.equal(verdict(decide(isStatic(pod("new", {})), {}, { taints })), "admit");
  });

  const noPort = "NodePorts: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports";
  for (const [about, taken, wanted, expected] of [
    ["the same port", { hostPort: 80 }, { hostPort: 80 }, noPort],
    ["a port that another has on one address", { hostPort: 80, hostIP: "127.0.0.1" }, { hostPort: 80 }, noPort],
    ["a port that another has on all", { hostPort: 80 }, { hostPort: 80, hostIP: "127.0.0.1" }, noPort],
    ["another address", { hostPort: 80, hostIP: "127.0.0.2" }, { hostPort: 80, hostIP: "127.0.0.1" }, "admit"],
    ["another protocol", { hostPort: 80, protocol: "UDP" }, { hostPort: 80 }, "admit"],
    ["another port", { hostPort: 81 }, { hostPort: 80 }, "admit"],
  ] as const) {
    it(`with ${about} as one that is there: ${expected.split(":")[0]}`, () =>
      assert.equal(verdict(decide(withPort("new", wanted), { staying: [withPort("a", taken)] })), expected));
  }
});

describe("a pod that is ending", () => {
  it("is waited for where its room is needed, and only there", () => {
    const ending = [pod("old", { cpu: "1" })];
    assert.equal(verdict(decide(pod("new", { cpu: "2" }), { ending })), "wait for old");
    assert.equal(verdict(decide(pod("new", { cpu: "1" }), { ending })), "admit");
    assert.match(verdict(decide(pod("new", { cpu: "3" }), { ending })), /^OutOfcpu: .* used: 1000,/);
    const port = { hostPort: 80 };
    assert.equal(verdict(decide(withPort("new", port), { ending: [withPort("old", port)] })), "wait for old");
  });

  it("saves others from being preempted", () => {
    const others = { ending: [pod("old", { cpu: "1" })], staying: [pod("a", { cpu: "1" })] };
    assert.equal(verdict(decide(pod("new", { cpu: "1" }, CRITICAL), others)), "wait for old");
    assert.equal(verdict(decide(pod("new", { cpu: "2" }, CRITICAL), others)), "preempt a");
  });
});

describe("a critical pod", () => {
  const critical = (requests: ResourceList) => pod("new", requests, CRITICAL);

  it("takes the room of best effort, burstable, guaranteed pods in this order", () => {
    const staying = [
      pod("effort", {}),
      pod("burst", { cpu: "500m" }),
      guaranteed("sure", { cpu: "500m", memory: "1" }),
    ];
    assert.equal(verdict(decide(critical({}), { staying })), "preempt effort");
    assert.equal(verdict(decide(critical({ cpu: "1" }), { staying: staying.slice(1) })), "admit");
    assert.equal(verdict(decide(critical({ cpu: "1500m" }), { staying: staying.slice(1) })), "preempt burst");
    assert.equal(verdict(decide(critical({ cpu: "2" }), { staying: staying.slice(1) })), "preempt burst,sure");
  });

  it("takes as few pods as will do, and of equal ones the one that asks for less", () => {
    const of = (name: string, cpu: string, memory: string) => pod(name, { cpu, memory });
    const staying = [of("a", "200m", "1Gi"), of("b", "900m", "2Gi"), of("c", "900m", "1Gi")];
    assert.equal(verdict(decide(critical({ cpu: "500m" }), { staying }, { allocatable: { cpu: "2" } })), "preempt c");
  });

  it("is refused where the pods that may go hold too little", () => {
    const staying = [pod("a", { cpu: "1500m" }, CRITICAL), pod("b", { cpu: "400m" })];
    assert.equal(
      verdict(decide(critical({ cpu: "1" }), { staying })),
      "UnexpectedAdmissionError: Unexpected error while attempting to recover from admission failure: " +
        "preemption: error finding a set of pods to preempt: " +
        "no set of running pods found to reclaim resources: [(res: cpu, q: 500), ]",
    );
  });

  it("preempts a critical one of lower priority", () => {
    const staying = [pod("a", { cpu: "2" }, CRITICAL)];
    assert.equal(verdict(decide(pod("new", { cpu: "1" }, { priority: 2_000_001_000 }), { staying })), "preempt a");
  });

  it("is a static one, too", () => {
    const staying = [pod("a", { cpu: "2" })];
    assert.equal(verdict(decide(isStatic(pod("new", { cpu: "1" })), { staying })), "preempt a");
  });

  it("ends nobody when something else speaks against it", () => {
    const staying = [pod("a", { cpu: "2" })];
    const candidate = pod("new", { cpu: "1" }, { ...CRITICAL, nodeSelector: { zone: "a" } });
    assert.match(verdict(decide(candidate, { staying })), /^NodeAffinity/);
  });
});
