import "./require-guest.ts";
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const namespace = "pod";
const name = "vm";
const hostPort = 18080;

function plugin(command: "ADD" | "DEL", type: string, config: object): object {
  const env = {
    ...process.env,
    CNI_COMMAND: command,
    CNI_CONTAINERID: namespace,
    CNI_NETNS: `/run/netns/${namespace}`,
    CNI_IFNAME: "eth0",
    CNI_PATH: "/usr/lib/cni",
  };
  const input = JSON.stringify({ cniVersion: "0.4.0", name, type, ...config });
  const output = execFileSync(`/usr/lib/cni/${type}`, { env, input, encoding: "utf8" });
  return output === "" ? {} : JSON.parse(output);
}

const bridge = {
  bridge: "cni0",
  isGateway: true,
  ipMasq: true,
  ipam: { type: "host-local", ranges: [[{ subnet: "10.88.0.0/16" }]], routes: [{ dst: "0.0.0.0/0" }] },
};
const portmap = {
  capabilities: { portMappings: true },
  runtimeConfig: { portMappings: [{ hostPort, containerPort: 80, protocol: "tcp" }] },
};
let prevResult: object;

before(() => {
  execFileSync("ip", ["netns", "add", namespace]);
  prevResult = plugin("ADD", "bridge", bridge);
});
after(() => {
  plugin("DEL", "bridge", { ...bridge, prevResult });
  execFileSync("ip", ["netns", "delete", namespace]);
});

test("the CNI plugins find the kernel modules they need, and a host port leads to the pod", async () => {
  plugin("ADD", "portmap", { ...portmap, prevResult });
  const server = spawn("ip", ["netns", "exec", namespace, "busybox", "nc", "-ll", "-p", "80", "-e", "echo", "pong"]);
  try {
    assert.equal(await firstAnswer("192.0.2.10", hostPort), "pong");
  } finally {
    server.kill("SIGKILL");
    plugin("DEL", "portmap", { ...portmap, prevResult });
  }
});

async function firstAnswer(host: string, port: number): Promise<string> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const connection = connect(port, host).setEncoding("utf8");
    try {
      const [data] = await once(connection, "data", { signal: AbortSignal.timeout(2000) });
      return String(data).trim();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(100);
    } finally {
      connection.destroy();
    }
  }
}
