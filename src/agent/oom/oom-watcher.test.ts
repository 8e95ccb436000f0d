import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { container, FakeNode, podOf } from "../../../test/support/fakes-agent.ts";
import { settle } from "../../../test/support/fakes-clock.ts";

const pod = podOf("web", { restartPolicy: "Never", containers: [container("app"), container("helper")] });
const uid = pod.metadata?.uid ?? "";

async function running(prepare: (node: FakeNode) => void = () => {}): Promise<FakeNode> {
  const node = new FakeNode();
  prepare(node);
  await node.start();
  node.source.showPods(pod);
  await node.clock.pass(2_000);
  return node;
}

function idOf(node: FakeNode, name: string): string {
  return node.agent.pleg.peek(uid)?.containerStatuses.find((status) => status.name === name)?.id ?? "";
}

/** Records of a kill; `limit` is below the pod's cgroup, or "" for the pod's own, or absent for the system. */
function kill(containerId: string, limit?: string): readonly string[] {
  const base = `/kubepods/besteffort/pod${uid}`;
  const cause = limit === undefined ? "global_oom" : `oom_memcg=${base}${limit}`;
  const constraint = limit === undefined ? "CONSTRAINT_NONE" : "CONSTRAINT_MEMCG";
  return [
    "hog invoked oom-killer: gfp_mask=0xcc0",
    `oom-kill:constraint=${constraint},nodemask=(null),cpuset=x,mems_allowed=0,${cause},task_memcg=${base}/${containerId},task=hog,pid=77,uid=0`,
  ];
}

function oomEvents(node: FakeNode): readonly string[] {
  return node.agent.events
    .list()
    .filter(({ reason }) => /OOM/.test(reason))
    .map(({ involvedObject: { kind, fieldPath = "" }, type, reason, message, count }) =>
      [kind, fieldPath, type, reason, message, count].join("|"),
    );
}

describe("a kill that the kernel's log tells", () => {
  it("is an event of the pod with the container, counted when it comes again", async () => {
    const node = await running();
    const id = idOf(node, "app");
    node.kernelLog.write(node.clock.now(), ...kill(id, `/${id}`));
    node.kernelLog.write(node.clock.now(), ...kill(id, `/${id}`));
    assert.deepEqual(oomEvents(node), [
      "Pod|spec.containers{app}|Warning|OOMKilling|The container reached its memory limit: the kernel killed process hog in container app|2",
    ]);
  });

  it("says whose limit it was", async () => {
    const node = await running();
    node.kernelLog.write(node.clock.now(), ...kill(idOf(node, "helper"), ""));
    assert.match(oomEvents(node)[0] ?? "", /The pod reached its memory limit: .* in container helper\|1$/);
  });

  it("is the node's event when the system had no memory left, in the kubelet's words and with the pod", async () => {
    const node = await running();
    node.kernelLog.write(node.clock.now(), ...kill(idOf(node, "app")));
    assert.deepEqual(oomEvents(node), [
      "Node||Warning|SystemOOM|System OOM encountered, victim process: hog, pid: 77, pod: default/web, container: app|1",
      "Pod|spec.containers{app}|Warning|OOMKilling|The node ran out of memory: the kernel killed process hog in container app|1",
    ]);
  });

  it("outside of any pod is the node's alone", async () => {
    const node = await running();
    node.kernelLog.write(node.clock.now(), "Out of memory: Killed process 9 (sshd) total-vm:1kB");
    node.kernelLog.write(node.clock.now(), ...kill("x", "").map((text) => text.replaceAll(uid, "another")));
    assert.deepEqual(oomEvents(node), [
      "Node||Warning|SystemOOM|System OOM encountered, victim process: sshd, pid: 9|1",
    ]);
  });
});

describe("the status of a container whose child was killed", () => {
  const reasonOf = (node: FakeNode) => {
    const status =
      node.agent.view.pods().find(({ metadata }) => metadata?.uid === uid)?.status?.containerStatuses ?? [];
    return status.find(({ name }) => name === "app")?.state?.terminated?.reason;
  };

  it("is OOMKilled when it ended by that, whichever is heard first", async () => {
    for (const first of ["kill", "exit"]) {
      const node = await running();
      const id = idOf(node, "app");
      const steps = [() => node.kernelLog.write(node.clock.now(), ...kill(id, `/${id}`)), () => node.exit(id, 1)];
      for (const step of first === "kill" ? steps : steps.toReversed()) {
        step();
        await node.clock.pass(100);
      }
      await node.clock.pass(2_000);
      assert.equal(reasonOf(node), "OOMKilled", `${first} first`);
    }
  });

  it("is an error when it ended much later", async () => {
    const node = await running();
    const id = idOf(node, "app");
    node.kernelLog.write(node.clock.now(), ...kill(id, `/${id}`));
    await node.clock.pass(30_000);
    node.exit(id, 1);
    await node.clock.pass(2_000);
    assert.equal(reasonOf(node), "Error");
  });
});

describe("without the kernel's log", () => {
  it("counters tell of a container that goes on; those of before are no news", async () => {
    const node = await running((each) => {
      each.kernelLog.isReadable = false;
    });
    const key = `pod${uid}`;
    const id = idOf(node, "app");
    node.kernelLog.counters.set(key, new Map([[id, 0]]));
    await node.clock.pass(20_000);
    assert.deepEqual(oomEvents(node), []);
    node.kernelLog.counters.set(key, new Map([[id, 2]]));
    await node.clock.pass(20_000);
    assert.deepEqual(oomEvents(node), [
      "Pod|spec.containers{app}|Warning|OOMKilling|Out of memory: the kernel killed a process in container app|1",
    ]);
    await settle();
  });
});
