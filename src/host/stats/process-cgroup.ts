import { readFileSync } from "node:fs";
import type { CgroupLayout } from "../cgroupfs/cgroup-layout.ts";

/** Where figures of a process's cgroup come from; they must be of one and the same cgroup. */
const COUNTED: readonly string[] = ["cpuacct", "memory"];

/**
 * The cgroup that a process is in, below the mount of each hierarchy; `undefined`: it is gone, it is in the root, or its
 * cgroups differ. Source: kubelet cm/container_manager_linux.go getContainer.
 */
export function cgroupOfProcess(
  pid: number | "self",
  version: CgroupLayout["version"],
  proc = "/proc",
): string | undefined {
  let text: string;
  try {
    text = readFileSync(`${proc}/${pid}/cgroup`, "utf8");
  } catch {
    return undefined;
  }
  const lines = text.split("\n").map((line) => /^\d+:([^:]*):(.*)$/.exec(line));
  const paths = lines.flatMap((match) => {
    const [, controllers = "", path = ""] = match ?? [];
    if (match === null) return [];
    const isCounted =
      version === 2 ? controllers === "" : controllers.split(",").some((name) => COUNTED.includes(name));
    return isCounted ? [path] : [];
  });
  const [path] = paths;
  return path !== undefined && path !== "/" && paths.every((other) => other === path) ? path : undefined;
}
