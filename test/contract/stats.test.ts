/** This machine and the simulated one give their figures by the same contract. */
import { SimFilesystems } from "../../src/sim/disk/disk-space.ts";
import { VirtualDisk } from "../../src/sim/disk/virtual-disk.ts";
import { Line } from "../../src/sim/line.ts";
import { cgroupNameOf, SimCgroups } from "../../src/sim/node/sim-cgroups.ts";
import { SIM_MACHINE } from "../../src/sim/node/sim-machine.ts";
import { simStats } from "../../src/sim/node/sim-stats.ts";
import { VirtualTime } from "../../src/sim/time/virtual-time.ts";
import { statsContract } from "./stats-contract.ts";
import { createMachineStats } from "./stats-world.ts";

const GiB = 1024 ** 3;
const START_MS = 1_767_225_600_000;

// Which version of cgroups it is depends on the machine; the virtual machine of test/vm has v2.
statsContract("host", createMachineStats);

statsContract("sim", async () => {
  const time = new VirtualTime(START_MS);
  const disk = new VirtualDisk(() => time.wallMs);
  const cgroups = new SimCgroups();
  const root = { mountPoint: "/", device: "8:1", capacityBytes: 10 * GiB, inodes: 1000 };
  const filesystems = new SimFilesystems(disk, [{ ...root, otherUsedBytes: GiB, otherInodesUsed: 10 }]);
  const directory = "/data/dir";
  disk.makeDirectories(directory);
  disk.makeDirectories("/etc");
  const names = new Map<number, readonly string[]>();
  const parts = { time, cgroups, disk, filesystems, machine: SIM_MACHINE };
  return {
    stats: simStats(parts, { memoryBytes: GiB, tasks: 100 }, new Line(time), () => false),
    top: "/top",
    makeCgroup: async (path) => void cgroups.make(cgroupNameOf(path)),
    removeCgroup: async (path) => void cgroups.remove(cgroupNameOf(path)),
    async startProcess(path, anonBytes) {
      const name = cgroupNameOf(path);
      const pid = cgroups.startProcess(name, () => cgroups.endProcess(name, pid));
      names.set(pid, name);
      cgroups.use(name, { anonBytes, cpuNanoSeconds: 1_000_000 });
      return pid;
    },
    endProcess: async (pid) => cgroups.endProcess(names.get(pid) ?? [], pid),
    writeOnce: async (path, bytes) => cgroups.use(cgroupNameOf(path), { inactiveFileBytes: bytes }),
    directory,
    writeFile: async (path, bytes) => void disk.write(path, new Uint8Array(bytes)),
    makeDirectory: async (path) => void disk.makeDirectories(path),
    link: async (path, target) => disk.link(path, target),
    remove: async (path) => disk.remove(path),
    close: async () => {},
  };
});
