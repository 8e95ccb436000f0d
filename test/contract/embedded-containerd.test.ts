import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createSystemClock } from "../../src/host/clock/system-clock.ts";
import { observeProcess } from "../../src/host/containerd/containerd-process.ts";
import {
  createEmbeddedContainerd,
  type EmbeddedContainerdOptions,
} from "../../src/host/containerd/embedded-containerd.ts";
import { importImage } from "../../src/host/images/image-import.ts";
import { buildPauseImage, pauseImageName } from "../../src/host/images/local-images.ts";
import { isRuntimeError } from "../../src/ports/errors.ts";
import { type ContainerdNode, silentLog, startContainerdNode, TEST_VERSION } from "../support/containerd-node.ts";
import { containerConfig, sandboxConfig, UNKNOWN_ID } from "./runtime-fixture.ts";

const clock = createSystemClock();

describe("embedded containerd", { concurrency: 1 }, () => {
  let node: ContainerdNode;
  before(async () => {
    node = await startContainerdNode("tskembed0");
  });
  after(() => node.close());

  const another = (more: Partial<EmbeddedContainerdOptions> = {}) =>
    createEmbeddedContainerd({
      rootDir: node.rootDir,
      sandboxImage: pauseImageName(TEST_VERSION),
      cniConfDir: join(node.rootDir, "cni", "net.d"),
      clock,
      log: silentLog,
      ...more,
    });

  const eventually = async (condition: () => boolean | Promise<boolean>) => {
    for (let tries = 0; tries < 500; tries++) {
      if (await condition()) return;
      await delay(20);
    }
    assert.fail("not within ten seconds");
  };

  const startPod = async () => {
    const { runtime } = node.cri;
    const subject = { logDirectory: node.logDir, cgroupParent: node.cgroupParent, image: node.busyboxImage };
    const config = sandboxConfig(subject);
    const sandboxId = await runtime.runPodSandbox(config, "");
    const program = containerConfig(subject, ["/bin/sh", "-c", "while :; do echo tick; sleep 0.05; done"]);
    const containerId = await runtime.createContainer(sandboxId, program, config);
    await runtime.startContainer(containerId);
    return { sandboxId, containerId, logPath: `${config.logDirectory}/main/0.log` };
  };

  it("runs in a session of its own, so that a signal to the agent's terminal does not reach it", () => {
    const pid = node.containerd.pid();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [, , group, session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    assert.deepEqual([group, session], [String(pid), String(pid)]);
  });

  it("starts again when it is killed; the pod ran on and its log goes on", async () => {
    const { containerId, logPath } = await startPod();
    const before = node.containerd.pid();
    assert.ok(before !== undefined);
    process.kill(before, "SIGKILL");
    await eventually(() => node.containerd.pid() !== undefined && node.containerd.pid() !== before);
    await eventually(() =>
      node.cri.runtime.version().then(
        () => true,
        () => false,
      ),
    );
    assert.equal((await node.cri.runtime.containerStatus(containerId))?.state, "CONTAINER_RUNNING");
    const length = readFileSync(logPath, "utf8").length;
    await eventually(() => readFileSync(logPath, "utf8").length > length);
  });

  it("is adopted, not started twice, by the next agent", async () => {
    const pid = node.containerd.pid();
    const next = another();
    assert.deepEqual(await next.start(new AbortController().signal), { adopted: true, pid });
    assert.equal(next.endpoint, node.containerd.endpoint);
    await next.release();
    assert.equal(node.containerd.pid(), pid);
  });

  it("outlives an agent that is killed", async () => {
    await node.containerd.stop();
    const script = new URL("../support/start-containerd.ts", import.meta.url).pathname;
    const agent = spawn(process.execPath, [script, node.rootDir], { stdio: ["ignore", "pipe", "inherit"] });
    const pid = await new Promise<number>((resolve) => {
      agent.stdout.once("data", (line: Buffer) => resolve(Number(line.toString())));
    });
    const ended = new Promise((resolve) => agent.once("exit", resolve));
    agent.kill("SIGKILL");
    await ended;
    await node.cri.runtime.version();
    assert.deepEqual(await node.containerd.start(new AbortController().signal), { adopted: true, pid });
  });

  it("is restarted by an agent that wants another configuration, under its pods", async () => {
    const { containerId } = await startPod();
    const before = node.containerd.pid();
    await node.containerd.release();
    const next = another({ maxConcurrentDownloads: 7 });
    const { adopted, pid } = await next.start(new AbortController().signal);
    assert.equal(adopted, false);
    assert.notEqual(pid, before);
    await eventually(() =>
      node.cri.runtime.version().then(
        () => true,
        () => false,
      ),
    );
    assert.equal((await node.cri.runtime.containerStatus(containerId))?.state, "CONTAINER_RUNNING");
    await next.stop();
    assert.equal((await node.containerd.start(new AbortController().signal)).adopted, false);
  });

  it("ends when it is stopped, without its pods", async () => {
    const { containerId } = await startPod();
    const pid = node.containerd.pid();
    await node.containerd.stop();
    assert.equal(observeProcess(pid ?? 0), undefined);
    await assert.rejects(node.cri.runtime.version({ timeoutMs: 2000 }));
    await node.containerd.start(new AbortController().signal);
    await eventually(() =>
      node.cri.runtime.version().then(
        () => true,
        () => false,
      ),
    );
    assert.equal((await node.cri.runtime.containerStatus(containerId))?.state, "CONTAINER_RUNNING");
  });

  it("answers or says Unimplemented to the calls that only newer runtimes have", async () => {
    const { runtimeConfig, checkpointContainer } = node.cri.extensions;
    const driver = await runtimeConfig().then(
      ({ cgroupDriver }) => cgroupDriver,
      (error) => (isRuntimeError(error, "Unimplemented") ? "not told" : String(error)),
    );
    assert.ok(driver === "cgroupfs" || driver === "not told", driver);
    const archive = join(node.rootDir, "checkpoint.tar");
    await assert.rejects(checkpointContainer(UNKNOWN_ID, archive, 1), (error) =>
      isRuntimeError(error, "Unimplemented", "NotFound"),
    );
  });

  it("does not import an image that is there", async () => {
    const target = { socketPath: node.containerd.socketPath, images: node.cri.images, clock };
    assert.equal(await importImage(target, await buildPauseImage(TEST_VERSION)), false);
  });
});
