/** The simulator is held to the same contracts as the machine, so that it cannot lie. */
import { drainMicrotasks } from "../../src/cli/sim-run-seed.ts";
import type { CgroupName } from "../../src/core/cgroup/types.ts";
import { simLogFiles } from "../../src/sim/disk/sim-log-files.ts";
import { simPodFiles } from "../../src/sim/disk/sim-pod-files.ts";
import { simStorageFiles } from "../../src/sim/disk/sim-storage-files.ts";
import { bytesOf, type DiskNode, textOf, VirtualDisk } from "../../src/sim/disk/virtual-disk.ts";
import { clockAt, Line } from "../../src/sim/line.ts";
import { SimCgroups, simCgroups } from "../../src/sim/node/sim-cgroups.ts";
import { SimKernelLog, simKernelLog, simOomCounters } from "../../src/sim/node/sim-kernel-log.ts";
import { SimManifests, simManifestSource } from "../../src/sim/node/sim-manifests.ts";
import { SimMemory, simPressureSignals } from "../../src/sim/node/sim-memory.ts";
import { SimRecords, simRecordStore } from "../../src/sim/node/sim-record-store.ts";
import { Random } from "../../src/sim/random.ts";
import { simEventStreams } from "../../src/sim/runtime/event-port.ts";
import { simRuntimeService } from "../../src/sim/runtime/runtime-port.ts";
import { SimImages, simImageService } from "../../src/sim/runtime/sim-images.ts";
import { SimRuntime } from "../../src/sim/runtime/sim-runtime.ts";
import { simImageTransfers } from "../../src/sim/runtime/sim-transfers.ts";
import { VirtualTime } from "../../src/sim/time/virtual-time.ts";
import { cgroupsContract } from "./cgroups-contract.ts";
import { clockContract } from "./clock-contract.ts";
import { imageTransfersContract } from "./image-transfers-contract.ts";
import { kernelLogContract } from "./kernel-log-contract.ts";
import { logFilesContract } from "./log-files-contract.ts";
import { manifestSourceContract } from "./manifest-source-contract.ts";
import { type FileWorld, podFilesContract } from "./pod-files-contract.ts";
import { pressureSignalsContract } from "./pressure-signals-contract.ts";
import { recordStoreContract } from "./record-store-contract.ts";
import { runtimeContract } from "./runtime-contract.ts";
import type { RuntimeCommands } from "./runtime-fixture.ts";
import { storageFilesContract } from "./storage-files-contract.ts";

const START_MS = 1_767_225_600_000;
const IMAGE = "registry.sim/app:1";

/** Lets virtual time pass, with everything that is due in it. */
async function pass(time: VirtualTime, ms: number): Promise<void> {
  const untilMs = time.monotonicMs + ms;
  await drainMicrotasks();
  while (time.step(untilMs)) await drainMicrotasks();
}

function world() {
  const time = new VirtualTime(START_MS);
  return { time, line: new Line(time), disk: new VirtualDisk(() => time.wallMs), random: new Random(1) };
}

clockContract("sim", () => {
  const { time, line } = world();
  return { clock: clockAt(time, line), pass: (ms) => pass(time, ms) };
});

storageFilesContract("sim", async () => {
  const { line, disk } = world();
  disk.makeDirectories("/scratch");
  return {
    storage: simStorageFiles(disk, line),
    scratch: "/scratch",
    writeFile: async (path, text) => void disk.write(path, text),
    modeOf: async (path) => (disk.find(path) as { readonly mode: number }).mode,
    mountOver: async (path) => disk.mountMemory(path, 0o755),
    unmount: async (path) => void disk.unmountBelow(path),
    close: async () => {},
  };
});

imageTransfersContract("sim", async () => {
  const { time, line, random } = world();
  const images = new SimImages(random);
  images.publish(IMAGE);
  const service = simImageService(images, time, line, () => 1_000);
  return {
    transfers: simImageTransfers(images, time, line),
    repository: IMAGE.slice(0, IMAGE.lastIndexOf(":")),
    pull: () => service.pullImage({ image: IMAGE }, undefined, undefined),
    now: () => time.wallMs,
    pass: (ms) => pass(time, ms),
    close: async () => {},
  };
});

recordStoreContract("sim", async () => {
  const { line } = world();
  const records = new SimRecords({ shared: false });
  const store = simRecordStore(records, line);
  return { store, afterCrash: async () => simRecordStore(records, line), close: async () => {} };
});

cgroupsContract("sim", async () => {
  const { line } = world();
  const tree = new SimCgroups();
  const limitOf = (name: CgroupName) => tree.find(name)?.resources.memoryLimitBytes;
  return {
    cgroups: simCgroups(tree, line),
    async startProcess(name) {
      const pid = tree.startProcess(name, () => tree.endProcess(name, pid));
      return pid;
    },
    isRunning: async (pid) => tree.isRunning(pid),
    memoryLimitBytes: async (name) => (limitOf(name) === -1 ? undefined : limitOf(name)),
    takeAway: async (name) => void tree.remove(name),
    close: async () => {},
  };
});

pressureSignalsContract("sim", async () => {
  const { time, line } = world();
  const memory = new SimMemory();
  const scope = { kind: "cgroup", name: ["kubepods", "pod1"] } as const;
  const use = (usageBytes: number) => memory.set(scope, { usageBytes, inactiveFileBytes: 0 });
  use(0);
  memory.set({ kind: "node" }, { usageBytes: 2 ** 30, inactiveFileBytes: 0, memAvailableBytes: 2 ** 30 });
  return {
    signals: simPressureSignals(memory, line, (ms) => time.wait(ms)),
    scope,
    take: async (bytes) => use((memory.read(scope)?.usageBytes ?? 0) + bytes),
    giveBack: async () => use(0),
    removeCgroup: async () => memory.remove(scope),
    pass: (ms) => pass(time, ms),
    close: async () => {},
  };
});

kernelLogContract("sim", async () => {
  const { time, line } = world();
  const kernel = new SimKernelLog(time);
  const [podUid, containerId] = ["1f3c8a0e-6f5f-4b07-9d5e-000000000001", "c1"];
  const pod = ["kubepods", `pod${podUid}`];
  let pid = 100;
  return {
    log: simKernelLog(kernel, line),
    counters: simOomCounters(kernel),
    pod,
    podUid,
    containerId,
    killForMemory: async () => {
      pid += 1;
      kernel.oomKill(pod, containerId, { name: "hog", pid });
      return pid;
    },
    now: () => time.wallMs,
    pass: (ms) => pass(time, ms),
    close: async () => {},
  };
});

manifestSourceContract("sim", { names: "many" }, async () => {
  const { time, line } = world();
  const manifests = new SimManifests(time, "manifests", "/etc/sim/manifests");
  return {
    source: simManifestSource(manifests, time, line, () => 3),
    put: async (name, text) => manifests.put(name, text),
    remove: async (name) => manifests.remove(name),
    block: async (blocked) => manifests.block(blocked),
    pass: (ms) => pass(time, ms),
    close: async () => {},
  };
});

function fileWorld(disk: VirtualDisk): FileWorld {
  const scratch = "/scratch";
  disk.makeDirectories(scratch);
  const kindOf = (node: DiskNode | undefined) =>
    node === undefined ? "absent" : node.kind === "directory" ? "directory" : "file";
  return {
    scratch,
    makeDirectory: async (path) => void disk.makeDirectories(path),
    makeFile: async (path, text) => void disk.write(path, text),
    makeLink: async (path, target) => disk.link(path, target),
    async read(path) {
      const node = disk.find(path);
      return node?.kind === "file" ? textOf(node) : undefined;
    },
    list: async (path) => disk.list(path) ?? [],
    kind: async (path) => kindOf(disk.findSelf(path)),
    async mode(path) {
      const node = disk.find(path);
      return node === undefined || node.kind === "link" ? 0 : node.mode;
    },
    inMemory: async (path) => disk.isInMemory(path),
    async occupy(path) {
      const node = disk.find(path);
      if (node?.kind !== "directory" || node.mount === null) throw new Error(`${path} is no mount`);
      const { mount } = node;
      mount.users += 1;
      return async () => {
        mount.users -= 1;
      };
    },
  };
}

podFilesContract("sim", async () => {
  const { disk, line } = world();
  return { files: simPodFiles(disk, "/var/lib/sim", line), world: fileWorld(disk), close: async () => {} };
});

logFilesContract("sim", async () => {
  const { disk, line } = world();
  const [podLogsDir, containerLogsDir] = ["/var/log/pods", "/var/log/containers"];
  return {
    files: simLogFiles(disk, { podLogsDir, containerLogsDir }, line),
    world: fileWorld(disk),
    podLogsDir,
    containerLogsDir,
    async readBytes(path) {
      const node = disk.find(path);
      if (node?.kind !== "file") throw new Error(`no file ${path}`);
      return bytesOf(node);
    },
    close: async () => {},
  };
});

const commands: RuntimeCommands = {
  untilTerm: { argv: ["sim", "code-on-term", "42"], exitCode: 42 },
  ignoreTerm: ["sim", "ignore-term"],
  exitWith: (code) => ["sim", "exit", "5", String(code)],
  print: (stdout, stderr, code) => ["sim", "print", stdout, stderr, String(code)],
  repeat: (line) => ["sim", "repeat", line],
  sleep: ["sim", "run"],
};

runtimeContract("sim", async () => {
  const { time, line, disk, random } = world();
  const images = new SimImages(random);
  images.publish(IMAGE);
  images.pull(IMAGE);
  const cgroups = new SimCgroups();
  const times = { sandboxMs: () => 5, startMs: () => 3, exitShownMs: () => 0 };
  const runtime = new SimRuntime({ time, random, disk, cgroups, images }, times);
  const fates = {
    exists: () => true,
    namesPod: () => true,
    reachable: () => true,
    connectMs: () => 1,
    delays: () => [1],
  };
  return {
    runtime: simRuntimeService(runtime, time, line),
    images: simImageService(images, time, line, () => 10),
    events: simEventStreams(runtime, time, line, fates).source,
    image: IMAGE,
    commands,
    logDirectory: "/var/log/contract",
    cgroupParent: "/contract",
    pass: (ms) => pass(time, ms),
    async readText(path) {
      const node = disk.find(path);
      return node?.kind === "file" ? textOf(node) : "";
    },
    moveFile: async (from, to) => disk.rename(from, to),
    close: async () => {},
  };
});
