import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  close(): Promise<void>;
}

export const TEST_VERSION = "test";

export async function startContainerdNode(bridge: string): Promise<ContainerdNode> {
  const clock = createSystemClock();
  const rootDir = mkdtempSync(join(tmpdir(), "tskubelet-test-"));
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
    if (containerd.pid() !== undefined) await removeAllPods(cri).catch(() => {});
    cri.close();
    await containerd.stop();
    await removePodNetwork({ rootDir, bridge });
    unmountBelow(rootDir);
    rmSync(rootDir, { recursive: true, force: true });
  };
  try {
    await containerd.start(new AbortController().signal);
    const target = { socketPath: containerd.socketPath, images: cri.images, clock };
    await importImage(target, await buildPauseImage(TEST_VERSION), { pinned: true });
    const busybox = await buildBusyboxImage(TEST_VERSION);
    await importImage(target, busybox);
    const logDir = join(rootDir, "logs");
    return { rootDir, logDir, containerd, cri, busyboxImage: busybox.name, bridge, close };
  } catch (error) {
    await close();
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
function unmountBelow(rootDir: string): void {
  const mountPoints = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((path) => path.startsWith(`${rootDir}/`));
  for (const path of mountPoints.reverse()) execFileSync("umount", ["--lazy", path]);
}

/** What pods leave on the machine while they run: to be compared before and after. */
export function observeLeftovers(rootDir: string, cgroupParent: string): readonly string[] {
  const below = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(rootDir));
  const shims = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => commandLine(pid))
    .filter((text) => text.includes(rootDir));
  const cgroups = readdirSync("/sys/fs/cgroup")
    .flatMap((name) => [join("/sys/fs/cgroup", name, cgroupParent)])
    .filter((path) => directoryExists(path));
  return [...below, ...shims, ...cgroups];
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

function directoryExists(path: string): boolean {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}

const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLog,
};
