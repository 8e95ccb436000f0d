import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type ContainerdNode, startContainerdNode } from "../support/containerd-node.ts";
import { containerConfig, sandboxConfig } from "./runtime-fixture.ts";

const HOST_PORT = 38_417;

/** What a server says to whoever connects; empty when it does not answer. */
function ask(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect({ host, port, timeout: 2000 });
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("timeout", () => socket.destroy());
    socket.on("error", () => {});
    socket.on("close", () => resolve(text.trim()));
  });
}

describe("the pod network that is written for containerd", { concurrency: 1 }, () => {
  let node: ContainerdNode;
  let serverAddress = "";
  before(async () => {
    node = await startContainerdNode("tsknet0");
    const { runtime } = node.cri;
    const subject = { logDirectory: node.logDir, cgroupParent: node.cgroupParent, image: node.busyboxImage };
    const config = sandboxConfig(subject, {
      portMappings: [{ protocol: "TCP", containerPort: 8080, hostPort: HOST_PORT, hostIp: "" }],
    });
    const sandboxId = await runtime.runPodSandbox(config, "");
    const program = containerConfig(subject, ["nc", "-ll", "-p", "8080", "-e", "hostname"]);
    await runtime.startContainer(await runtime.createContainer(sandboxId, program, config));
    serverAddress = (await runtime.podSandboxStatus(sandboxId))?.network?.ip ?? "";
    for (let tries = 0; tries < 200 && (await ask(serverAddress, 8080)) === ""; tries++) await delay(50);
  });
  after(() => node.close());

  it("lets the node reach a pod by its address", async () => {
    assert.match(await ask(serverAddress, 8080), /^pod-\d+$/);
  });

  it("lets the node reach a pod by a host port", async () => {
    assert.match(await ask("127.0.0.1", HOST_PORT), /^pod-\d+$/);
  });

  it("lets pods reach each other, under addresses of their own", async () => {
    const { runtime } = node.cri;
    const subject = { logDirectory: node.logDir, cgroupParent: node.cgroupParent, image: node.busyboxImage };
    const config = sandboxConfig(subject);
    const sandboxId = await runtime.runPodSandbox(config, "");
    assert.notEqual((await runtime.podSandboxStatus(sandboxId))?.network?.ip, serverAddress);
    const id = await runtime.createContainer(sandboxId, containerConfig(subject, ["/bin/sleep", "3600"]), config);
    await runtime.startContainer(id);
    const { stdout } = await runtime.execSync(id, ["nc", "-w", "2", serverAddress, "8080"], 10);
    assert.match(Buffer.from(stdout).toString(), /^pod-\d+\n$/);
  });
});
