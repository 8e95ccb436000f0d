import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createSystemClock } from "../../src/host/clock/system-clock.ts";
import { ensurePodNetwork, removePodNetwork } from "../../src/host/cni/bridge-network.ts";
import { createEmbeddedContainerd, type EmbeddedContainerd } from "../../src/host/containerd/embedded-containerd.ts";
import { type CriClient, createCriClient } from "../../src/host/cri/cri-client.ts";
import { importImage } from "../../src/host/images/image-import.ts";
import { buildBusyboxImage, buildPauseImage, pauseImageName } from "../../src/host/images/local-images.ts";
import type { Log } from "../../src/ports/log.ts";

/** A real containerd of its own for one test file: own root, own bridge, local images; `close` leaves nothing behind. */
export interface ContainerdNode {
  readonly rootDir: string;
  readonly logDir: string;
  readonly containerd: EmbeddedContainerd;
  readonly cri: CriClient;
  readonly busyboxImage: string;
  readonly bridge: string;
  /** Parent of its pods' cgroups, `/NAME`; removed by `close`. */
  readonly cgroupParent: string;
  close(): Promise<void>;
}

export const TEST_VERSION = "test";

export async function startContainerdNode(bridge: string): Promise<ContainerdNode> {
  const clock = createSystemClock();
  const rootDir = mkdtempSync(join(tmpdir(), "tskubelet-test-"));
  const cgroupParent = `/${basename(rootDir)}`;
  const network = ensurePodNetwork({ rootDir, bridge });
  const containerd = createEmbeddedContainerd({
    rootDir,
    sandboxImage: pauseImageName(TEST_VERSION),
    cniConfDir: network.confDir,
    clock,
    log: silentLog,
  });
  const cri = createCriClient(containerd.endpoint);
  const close = async () => {
    try {
      // A test may have left it stopped; its pods can only be taken away by a running one.
      if (containerd.pid() === undefined) await containerd.start(new AbortController().signal);
      await removeAllPods(cri);
    } finally {
      cri.close();
      await containerd.stop();
      await removePodNetwork({ rootDir, bridge });
      unmountBelow(rootDir);
      removeCgroups(cgroupParent);
      rmSync(rootDir, { recursive: true, force: true });
    }
    const leftovers = observeLeftovers({ rootDir, cgroupParent, bridge });
    assert.deepEqual(leftovers, [], "the node left something behind");
  };
  try {
    await containerd.start(new AbortController().signal);
    const target = { socketPath: containerd.socketPath, images: cri.images, clock };
    await importImage(target, await buildPauseImage(TEST_VERSION), { pinned: true });
    const busybox = await buildBusyboxImage(TEST_VERSION);
    await importImage(target, busybox);
    const logDir = join(rootDir, "logs");
    return { rootDir, logDir, containerd, cri, busyboxImage: busybox.name, bridge, cgroupParent, close };
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
}

export async function removeAllPods({ runtime }: CriClient): Promise<void> {
  for (const { id } of await runtime.listPodSandbox()) {
    await runtime.stopPodSandbox(id);
    await runtime.removePodSandbox(id);
  }
}

/** A node that was not closed well leaves overlay and shm mounts, and rmSync would walk into them. */
export function unmountBelow(rootDir: string): void {
  const mountPoints = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((path) => path.startsWith(`${rootDir}/`));
  for (const path of mountPoints.reverse()) execFileSync("umount", ["--lazy", path]);
}

/** The cgroup directories of that name in every hierarchy: cgroup v2 itself, or the controllers of v1. */
function cgroupRoots(cgroupParent: string): readonly string[] {
  const hierarchies = ["", ...readdirSync("/sys/fs/cgroup")].map((name) => join("/sys/fs/cgroup", name, cgroupParent));
  return hierarchies.filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true);
}

export function removeCgroups(cgroupParent: string): void {
  for (const root of cgroupRoots(cgroupParent)) removeCgroupTree(root);
}

function removeCgroupTree(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroupTree(join(path, entry.name));
  }
  rmdirSync(path);
}

/** What is left on the machine of a node with this root: mounts, processes, cgroups, its bridge, files. */
export function observeLeftovers(node: Pick<ContainerdNode, "rootDir" | "cgroupParent" | "bridge">): readonly string[] {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(node.rootDir));
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(commandLine)
    .filter((text) => text.includes(node.rootDir));
  const bridges = existsSync(`/sys/class/net/${node.bridge}`) ? [node.bridge] : [];
  const files = existsSync(node.rootDir) ? [node.rootDir] : [];
  return [...mounts, ...processes, ...cgroupRoots(node.cgroupParent), ...bridges, ...files];
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLog,
};
