/** Pod addresses, host ports and pods on the machine's own network. */
import assert from "node:assert/strict";
import { hostname } from "node:os";
import { it } from "node:test";
import { type AgentNode, BUSYBOX, isRunning, shellPod } from "../../support/agent-node.ts";

const HOST_PORT = 28_080;

export function networkClaims(node: () => AgentNode): void {
  it("serves a pod's port on its own address and on a port of the machine", async () => {
    const container = {
      name: "main",
      image: BUSYBOX,
      imagePullPolicy: "Never",
      command: ["sh", "-c", "mkdir /www; echo served > /www/index.html; exec httpd -f -p 80 -h /www"],
      ports: [{ containerPort: 80, hostPort: HOST_PORT }],
    };
    node().write("served.yaml", shellPod("served", "", { containers: [container], terminationGracePeriodSeconds: 0 }));
    const pod = await node().untilPod("served", "is ready", isRunning);
    const { podIP, hostIP } = pod.status ?? {};
    for (const place of [`${podIP}:80`, `127.0.0.1:${HOST_PORT}`, `${hostIP}:${HOST_PORT}`]) {
      await node().until(
        `http://${place} answers`,
        async () => (await page(`http://${place}/`)) === "served\n",
        10_000,
      );
    }
    node().remove("served.yaml");
    await node().untilGone("served");
    assert.equal(await page(`http://${hostIP}:${HOST_PORT}/`), undefined);
  });

  it("runs a pod on the machine's network with the machine's address and name", async () => {
    const script = "hostname; readlink /proc/self/ns/net; sleep 1000";
    node().write("onhost.yaml", shellPod("onhost", script, { hostNetwork: true }));
    const pod = await node().untilPod("onhost", "is ready", isRunning);
    assert.equal(pod.status?.podIP, pod.status?.hostIP);
    const log = await node().untilLog(pod, /net:/);
    assert.equal(log, `${hostname()}\n${await ownNetwork()}\n`);
  });

  it("gives each pod an address of its own, and pods reach each other", async () => {
    const listener = "mkdir /www; echo hello > /www/index.html; exec httpd -f -p 8080 -h /www";
    node().write("listener.yaml", shellPod("listener", listener));
    const server = await node().untilPod("listener", "is ready", isRunning);
    const address = server.status?.podIP ?? "";
    node().write("caller.yaml", shellPod("caller", `wget -q -O - http://${address}:8080/; sleep 1000`));
    const client = await node().untilPod("caller", "is ready", isRunning);
    await node().untilLog(client, /^hello$/m);
    assert.notEqual(client.status?.podIP, address);
  });
}

async function page(url: string): Promise<string | undefined> {
  try {
    return await (await fetch(url, { signal: AbortSignal.timeout(2_000) })).text();
  } catch {
    return undefined;
  }
}

async function ownNetwork(): Promise<string> {
  const { readlink } = await import("node:fs/promises");
  return readlink("/proc/self/ns/net");
}
