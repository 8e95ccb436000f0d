import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeNode, podOf } from "../../../test/support/fakes-agent.ts";
import { FakeClock } from "../../../test/support/fakes-clock.ts";
import { FakeFiles, FakeLog, FakeStore } from "../../../test/support/fakes-ports.ts";
import { Gate } from "../../../test/support/fakes-runtime.ts";
import { EventRecorder } from "../events/event-recorder.ts";
import { PodDns, type PodDnsOptions } from "./pod-dns.ts";

const OPTIONS: PodDnsOptions = {
  resolvConf: "/etc/resolv.conf",
  clusterDns: [],
  clusterDomain: "",
  hostIps: ["192.0.2.1"],
  warnMissingClusterDns: false,
};

function create(resolvConf: string | undefined, options: Partial<PodDnsOptions> = {}) {
  const files = new FakeFiles();
  if (resolvConf !== undefined) files.hostFiles.set("/etc/resolv.conf", resolvConf);
  const ports = { clock: new FakeClock(), log: new FakeLog(), store: new FakeStore() };
  const events = new EventRecorder(ports, { nodeName: "node" });
  const dns = new PodDns({ files, events }, { ...OPTIONS, ...options });
  return { dns, files, told: () => events.list().map(({ reason, message }) => `${reason}: ${message}`) };
}

test("a node that is alone has no cluster DNS to miss; one of a cluster tells both itself and the pod", async () => {
  const alone = create("nameserver 192.0.2.53\n");
  assert.deepEqual(await alone.dns.configFor(podOf("web")), {
    config: { servers: ["192.0.2.53"], searches: [], options: [] },
  });
  assert.deepEqual(alone.told(), []);
  const node = create("nameserver 192.0.2.53\n", { warnMissingClusterDns: true });
  await node.dns.configFor(podOf("web"));
  assert.equal(node.told().filter((text) => text.startsWith("MissingClusterDNS: ")).length, 2);
});

test("a resolver file that is not there or says nothing holds the pod up and is told once", async () => {
  const { dns, files, told } = create(undefined);
  const missing = {
    error: "resolvConf /etc/resolv.conf cannot be used: open /etc/resolv.conf: no such file or directory",
  };
  assert.deepEqual(await dns.configFor(podOf("web")), missing);
  assert.deepEqual(await dns.configFor(podOf("web")), missing);
  assert.deepEqual(told(), ["CheckLimitsForResolvConf: open /etc/resolv.conf: no such file or directory"]);
  files.hostFiles.set("/etc/resolv.conf", "nameserver");
  assert.ok("error" in (await dns.configFor(podOf("web"))));
});

test("with no resolver file by configuration a pod finds nothing, but starts", async () => {
  const { dns } = create(undefined, { resolvConf: "" });
  assert.deepEqual(await dns.configFor(podOf("web")), {
    config: { servers: ["127.0.0.1"], searches: ["."], options: [] },
  });
});

test("the address of a pod is known while its image is still on its way", async () => {
  const node = new FakeNode();
  await node.start();
  node.images.present.clear();
  const gate = new Gate();
  node.images.pull = () => gate.opened;
  const pod = podOf("web");
  node.source.showPods(pod);
  await node.clock.pass(2_000);
  const status = node.status(pod);
  assert.deepEqual([status?.phase, status?.podIP, status?.hostIPs], ["Pending", "10.0.0.9", [{ ip: "192.0.2.1" }]]);
  gate.open();
});
