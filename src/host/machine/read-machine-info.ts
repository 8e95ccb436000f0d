import { readdir, readFile } from "node:fs/promises";
import { availableParallelism, hostname as systemHostname } from "node:os";
import { HostError } from "../../ports/errors.ts";
import type { MachineInfo } from "../../ports/machine.ts";
import { chooseNodeIp } from "./node-ip.ts";

export interface MachineInfoOptions {
  /** The kubelet's --hostname-override. */
  readonly hostnameOverride?: string;
  /** Where /proc, /sys, /etc are; "" is the machine itself. */
  readonly root?: string;
}

/** Names of Go's runtime.GOARCH, which Kubernetes labels nodes with. */
const goArchitectures: Readonly<Record<string, string>> = {
  x64: "amd64",
  ia32: "386",
  ppc64: "ppc64le",
  mipsel: "mipsle",
};

/** Reads what the kubelet tells about its machine (cAdvisor machine/info.go). What cannot be read is "". */
export async function readMachineInfo(options: MachineInfoOptions = {}): Promise<MachineInfo> {
  const root = options.root ?? "";
  const read = async (...paths: readonly string[]): Promise<string> => {
    for (const path of paths) {
      const text = await readFile(`${root}${path}`, "utf8").catch(() => "");
      if (text.trim() !== "") return text.trim();
    }
    return "";
  };
  const hostname = nodeName(options.hostnameOverride ?? systemHostname());
  const [
    memory,
    online,
    pidMax,
    threadsMax,
    bootId,
    machineId,
    systemUuid,
    kernelVersion,
    release,
    hugePageBytes,
    nodeIp,
    appArmor,
    enforcing,
  ] = await Promise.all([
    read("/proc/meminfo"),
    read("/sys/devices/system/cpu/online"),
    read("/proc/sys/kernel/pid_max"),
    read("/proc/sys/kernel/threads-max"),
    read("/proc/sys/kernel/random/boot_id"),
    read("/etc/machine-id", "/var/lib/dbus/machine-id"),
    read("/sys/class/dmi/id/product_uuid", "/proc/device-tree/system-id", "/proc/device-tree/vm,uuid"),
    read("/proc/sys/kernel/osrelease"),
    read("/etc/os-release", "/usr/lib/os-release"),
    readHugePages(`${root}/sys/kernel/mm/hugepages`),
    chooseNodeIp(hostname, root),
    read("/sys/module/apparmor/parameters/enabled"),
    read("/sys/fs/selinux/enforce"),
  ]);
  return {
    hostname,
    cpuCores: countCpus(online) || availableParallelism(),
    memoryBytes: Number(/^MemTotal:\s*(\d+) kB/m.exec(memory)?.[1] ?? 0) * 1024,
    maxPids: Math.min(...[pidMax, threadsMax].map(Number).filter((limit) => limit > 0)),
    bootId,
    machineId,
    systemUuid: systemUuid.replaceAll("\0", "") || machineId,
    kernelVersion,
    osImage: prettyName(release),
    architecture: goArchitectures[process.arch] ?? process.arch,
    nodeIp,
    appArmor: appArmor.startsWith("Y"),
    hugePageBytes,
    seLinux: enforcing !== "",
  };
}

/** The host name as a node name. Source: component-helpers node/util/hostname.go GetHostname. */
function nodeName(name: string): string {
  const trimmed = name.trim();
  if (trimmed === "") throw new HostError("Invalid", "/proc/sys/kernel/hostname", "empty hostname is invalid");
  return trimmed.toLowerCase();
}

/** CPUs of a list such as "0-3,8"; 0: not a list. */
export function countCpus(list: string): number {
  let count = 0;
  for (const part of list.split(",")) {
    const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(part.trim()) ?? [];
    if (first === undefined) return 0;
    count += Number(last ?? first) - Number(first) + 1;
  }
  return count;
}

function prettyName(release: string): string {
  const quoted = /^PRETTY_NAME=(.*)$/m.exec(release)?.[1] ?? "";
  return quoted.replace(/^(["'])(.*)\1$/, "$2").replace(/\\(.)/g, "$1") || "Linux";
}

/** Huge pages reserved by now, by the names that cgroup files have ("2MB", "1GB"). */
async function readHugePages(directory: string): Promise<Readonly<Record<string, number>>> {
  const found: Record<string, number> = {};
  for (const name of await readdir(directory).catch(() => [])) {
    const kib = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1]);
    const pages = Number(await readFile(`${directory}/${name}/nr_hugepages`, "utf8").catch(() => "0"));
    if (Number.isFinite(kib)) found[pageSizeName(kib)] = pages * kib * 1024;
  }
  return found;
}

function pageSizeName(kib: number): string {
  if (kib >= 1024 * 1024) return `${kib / 1024 / 1024}GB`;
  return kib >= 1024 ? `${kib / 1024}MB` : `${kib}KB`;
}
