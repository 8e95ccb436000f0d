import type { MachineObservation, PressureObservation } from "../../core/stats/observations.ts";
import { type MachineMemory, present } from "./cgroup-figures.ts";
import type { FileReader } from "./file-reader.ts";
import { numberOf, numbersByName } from "./kernel-text.ts";
import { parsePressure } from "./pressure-text.ts";

const wanted: ReadonlySet<string> = new Set(["MemTotal", "MemFree", "MemAvailable", "SwapTotal", "SwapFree"]);
const wantedBoot: ReadonlySet<string> = new Set(["btime"]);

type MachineFigures = Omit<MachineObservation, "atMs" | "monotonicMs" | "bootedAtMs">;

export function readMachineMemory(reader: FileReader, proc: string): MachineMemory {
  const info = numbersByName(reader.read(`${proc}/meminfo`) ?? "", wanted);
  const bytes = (name: string) => {
    const kib = info.get(name);
    return kib === undefined ? undefined : kib * 1024;
  };
  return (
    present<MachineMemory>({
      totalBytes: bytes("MemTotal"),
      freeBytes: bytes("MemFree"),
      availableBytes: bytes("MemAvailable"),
      swapTotalBytes: bytes("SwapTotal"),
      swapFreeBytes: bytes("SwapFree"),
    }) ?? {}
  );
}

/** Source: kubelet stats/pidlimit/pidlimit_linux.go; "running/all" of /proc/loadavg counts threads, too. */
export function readMachine(reader: FileReader, proc: string): MachineFigures {
  const [, tasks] = /^\S+ \S+ \S+ \d+\/(\d+) /.exec(reader.read(`${proc}/loadavg`) ?? "") ?? [];
  const limits = ["pid_max", "threads-max"].map((name) => numberOf(reader.read(`${proc}/sys/kernel/${name}`)));
  const known = limits.filter((limit) => limit !== undefined && limit > 0);
  const pressure = (name: string) => {
    const text = reader.read(`${proc}/pressure/${name}`);
    return text === undefined ? undefined : parsePressure(text);
  };
  const memory = readMachineMemory(reader, proc);
  return (
    present<MachineFigures>({
      memory: Object.keys(memory).length === 0 ? undefined : memory,
      tasks: tasks === undefined ? undefined : Number(tasks),
      maxTasks: known.length === 0 ? undefined : Math.min(...(known as number[])),
      pressure: present<PressureObservation>({
        cpu: pressure("cpu"),
        memory: pressure("memory"),
        io: pressure("io"),
      }),
    }) ?? {}
  );
}

/** When the kernel was started; `undefined`: not known. */
export function readBootTimeMs(reader: FileReader, proc: string): number | undefined {
  const seconds = numbersByName(reader.read(`${proc}/stat`) ?? "", wantedBoot).get("btime");
  return seconds === undefined ? undefined : seconds * 1000;
}
