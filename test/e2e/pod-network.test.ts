/** What a pod's network promises: addresses of both families, host ports, the machine's own network, limited bandwidth. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import type { Pod } from "../../src/core/api/types.ts";
import { AgentNode, BUSYBOX, isRunning, shellPod, statusOf } from "../support/agent-node.ts";

const TCP_PORT = 28_181;
const UDP_PORT = 28_182;
/** The machine's own Node.js runs it in the pod: the image has no UDP server. */
const ECHO_SERVER = `
  const socket = require("node:dgram").createSocket("udp4");
  socket.on("message", (text, { port, address }) => socket.send("re-" + text, port, address)).bind(53);
`;
const SUBNETS = "10.231.77.0/24,fd00:231:77::/112";

describe("a pod's network", { concurrency: 8 }, () => {
  const node = new AgentNode({ bridge: "tsknetp0", kubelet: { podCIDR: SUBNETS } });
  before(() => node.start());
  after(() => node.close());

  const addressesOf = (pod: Pod) => (pod.status?.podIPs ?? []).map(({ ip }) => ip);

  it("has an address of each family, in the status, the variables and the hosts file, and carries traffic of both", async () => {
    const script =
      "cat /etc/hosts; echo ips=$IPS; mkdir /www; echo both > /www/index.html; exec httpd -f -p 80 -h /www";
    const env = [{ name: "IPS", valueFrom: { fieldRef: { fieldPath: "status.podIPs" } } }];
    node.write("both.yaml", podWith("both", script, { env }));
    const pod = await node.untilPod("both", "is ready", isRunning);
    const [first = "", second = ""] = addressesOf(pod);
    assert.match(first, /^10\.231\.77\.\d+$/);
    assert.match(second, /^fd00:231:77::/);
    assert.equal(pod.status?.podIP, first);
    const log = await node.untilLog(pod, /^ips=/m);
    assert.ok(log.includes(`${first}\tboth\n${second}\tboth\n`), log);
    assert.match(log, new RegExp(`^ips=${first},${second}$`, "m"));
    for (const place of [first, `[${second}]`]) {
      await node.until(`http://${place}/ answers`, async () => (await page(`http://${place}/`)) === "both\n");
    }
  });

  it("shows a pod's address while its image is still being pulled", async () => {
    const registry = await silentRegistry();
    try {
      const { port } = registry.address() as AddressInfo;
      const main = { name: "main", image: `127.0.0.1:${port}/slow:1`, command: ["true"] };
      node.write("pulling.yaml", shellPod("pulling", "", { containers: [main] }));
      const pod = await node.untilPod("pulling", "has an address", ({ status }) => status?.podIP !== undefined);
      assert.equal(pod.status?.phase, "Pending");
      assert.equal(addressesOf(pod).length, 2);
      assert.deepEqual(statusOf(pod)?.state, { waiting: { reason: "ContainerCreating" } });
      node.remove("pulling.yaml");
    } finally {
      registry.closeAllConnections();
      registry.close();
    }
    await node.untilGone("pulling");
  });

  it("maps a host port of TCP on one address of the machine, and one of UDP on all", async () => {
    const script = 'mkdir /www; echo tcp > /www/index.html; httpd -p 80 -h /www; exec chroot /machine $NODE -e "$ECHO"';
    const main = {
      ports: [
        { containerPort: 80, hostPort: TCP_PORT, hostIP: "127.0.0.1" },
        { containerPort: 53, hostPort: UDP_PORT, protocol: "UDP" },
      ],
      env: [
        { name: "NODE", value: process.execPath },
        { name: "ECHO", value: ECHO_SERVER },
      ],
      volumeMounts: [{ name: "machine", mountPath: "/machine", readOnly: true }],
    };
    const volumes = [{ name: "machine", hostPath: { path: "/" } }];
    node.write("mapped.yaml", podWith("mapped", script, main, { volumes }));
    const pod = await node.untilPod("mapped", "is ready", isRunning);
    const { hostIP = "" } = pod.status ?? {};
    await node.until("the TCP port answers", async () => (await page(`http://127.0.0.1:${TCP_PORT}/`)) === "tcp\n");
    assert.equal(await page(`http://${hostIP}:${TCP_PORT}/`), undefined);
    await node.until("the UDP port answers", async () => (await datagram(hostIP, UDP_PORT, "hello")) === "re-hello");
  });

  it("gives a pod on the machine's network the machine's addresses, in its variables, too", async () => {
    const env = [
      { name: "POD", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
      { name: "HOST", valueFrom: { fieldRef: { fieldPath: "status.hostIP" } } },
      { name: "HOSTS", valueFrom: { fieldRef: { fieldPath: "status.hostIPs" } } },
    ];
    const script = "echo $POD-$HOST-$HOSTS; head -1 /etc/hosts; sleep 1000";
    node.write("machine.yaml", podWith("machine", script, { env }, { hostNetwork: true }));
    const pod = await node.untilPod("machine", "is ready", isRunning);
    const { hostIP, podIP, hostIPs = [] } = pod.status ?? {};
    assert.equal(podIP, hostIP);
    const all = hostIPs.map(({ ip }) => ip).join(",");
    assert.ok(all.startsWith(hostIP ?? "-"));
    assert.equal(
      await node.untilLog(pod, /hosts file/),
      `${hostIP}-${hostIP}-${all}\n# Kubernetes-managed hosts file (host network).\n`,
    );
  });

  it("limits what comes to a pod and goes from it where annotations ask for it", async () => {
    const annotations = { "kubernetes.io/ingress-bandwidth": "10M", "kubernetes.io/egress-bandwidth": "20M" };
    const limited = shellPod("limited", "cat /sys/class/net/eth0/iflink; sleep 1000") as Record<string, object>;
    node.write("limited.yaml", { ...limited, metadata: { name: "limited", annotations } });
    const pod = await node.untilPod("limited", "is ready", isRunning);
    const index = (await node.untilLog(pod, /^\d+$/m)).trim();
    const links = execFileSync("ip", ["-o", "link"], { encoding: "utf8" });
    const link = new RegExp(`^${index}: (\\w+)@`, "m").exec(links)?.[1] ?? "";
    const shapers = execFileSync("tc", ["qdisc", "show"], { encoding: "utf8" });
    assert.match(shapers, new RegExp(`qdisc tbf \\w+: dev ${link} root .* rate 10Mbit `));
    assert.match(shapers, /qdisc tbf \w+: dev bwp\w+ root .* rate 20Mbit /);
  });
});

function podWith(name: string, script: string, container: object, spec: object = {}): unknown {
  const main = { name: "main", image: BUSYBOX, imagePullPolicy: "Never", command: ["sh", "-c", script], ...container };
  return shellPod(name, "", { containers: [main], ...spec });
}

/** Takes connections and never answers. */
async function silentRegistry(): Promise<Server> {
  const server = createServer(() => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function page(url: string): Promise<string | undefined> {
  try {
    return await (await fetch(url, { signal: AbortSignal.timeout(2_000) })).text();
  } catch {
    return undefined;
  }
}

async function datagram(host: string, port: number, text: string): Promise<string | undefined> {
  const socket = createSocket("udp4");
  try {
    const answered = once(socket, "message", { signal: AbortSignal.timeout(2_000) });
    socket.send(text, port, host);
    const [message] = await answered;
    return String(message);
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}
