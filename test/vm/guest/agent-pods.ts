import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BUSYBOX, shellPod } from "../../support/agent-node.ts";

export const MIB = 1024 * 1024;

/** A pod on the machine's network, which starts faster, with one busybox container and these resources. */
export function podWith(name: string, script: string, resources: object, spec: object = {}): unknown {
  const container = { name: "main", image: BUSYBOX, imagePullPolicy: "Never", command: ["sh", "-c", script] };
  return shellPod(name, "", { hostNetwork: true, containers: [{ ...container, resources }], ...spec });
}

/** Asserts what the files of a cgroup hold. */
export function assertCgroup(cgroup: string, wanted: Readonly<Record<string, string>>): void {
  const found = Object.fromEntries(Object.keys(wanted).map((name) => [name, read(join(cgroup, name))]));
  assert.deepEqual(found, wanted, cgroup);
}

export function read(path: string): string {
  return readFileSync(path, "utf8").trim();
}

/** When a process was started, in clock ticks since boot. */
export function startTicks(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}
