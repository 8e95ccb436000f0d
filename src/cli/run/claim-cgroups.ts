/**
 * Two agents below one cgroup would each take the other's pods for left behind and kill them. So an agent claims its
 * cgroup root for as long as it lives, and does not start where pods run that cannot be its own.
 */
import { createHash } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { KUBEPODS, podUidOfCgroup, qosCgroupName } from "../../core/cgroup/index.ts";
import { acquireInstanceLock, type InstanceLock } from "../../host/store/acquire-instance-lock.ts";
import type { Cgroups } from "../../ports/cgroups.ts";
import { HostError } from "../../ports/errors.ts";
import { MachineUnfit } from "./machine-unfit.ts";

const CLAIMS_DIR = "/run/tskubelet/cgroups";
const WAY_OUT = "give this agent a cgroupRoot of its own";

export interface CgroupClaim {
  readonly cgroups: Cgroups;
  /** The agent's record of pods: without it none of those that run can be known. */
  readonly recordsPath: string;
  /** The runtime is the agent's own: pods of another one are somebody else's. */
  readonly embeddedRuntime: boolean;
  /** Where claims lie; default below /run, which is gone after a boot as the pods are. */
  readonly claimsDir?: string;
}

/** Rejects with MachineUnfit. The death of the process gives the claim up too. */
export async function claimCgroups(claim: CgroupClaim): Promise<InstanceLock> {
  const { cgroups, recordsPath, embeddedRuntime, claimsDir = CLAIMS_DIR } = claim;
  const path = cgroups.runtimePath(KUBEPODS);
  const lock = lockOf(cgroups, claimsDir);
  const strangers = embeddedRuntime && !existsSync(recordsPath) ? await runningPods(cgroups) : [];
  if (strangers.length === 0) return lock;
  lock.release();
  const example = `pod ${strangers[0]}${strangers.length > 1 ? ` and ${strangers.length - 1} more` : ""}`;
  throw new MachineUnfit(`cgroup ${path} holds pods of another kubelet (${example}); ${WAY_OUT}`);
}

/** Takes away what a killed agent left of its claim; one that is held stays. */
export function forgetClaim(cgroups: Cgroups, claimsDir = CLAIMS_DIR): void {
  try {
    lockOf(cgroups, claimsDir).release();
  } catch (error) {
    if (!(error instanceof MachineUnfit)) throw error;
  }
}

function directoryOf(cgroups: Cgroups, claimsDir: string): string {
  const name = createHash("sha256").update(cgroups.runtimePath(KUBEPODS)).digest("hex").slice(0, 12);
  return join(claimsDir, name);
}

function lockOf(cgroups: Cgroups, claimsDir: string): InstanceLock {
  const directory = directoryOf(cgroups, claimsDir);
  try {
    const lock = acquireInstanceLock(directory);
    // The one before took its file away between our opening and locking it: nobody else would see this lock.
    if (!existsSync(directory)) {
      lock.release();
      return lockOf(cgroups, claimsDir);
    }
    return {
      release() {
        rmSync(directory, { recursive: true, force: true });
        lock.release();
      },
    };
  } catch (error) {
    if (!(error instanceof HostError) || error.code !== "Busy") throw error;
    const path = cgroups.runtimePath(KUBEPODS);
    throw new MachineUnfit(`${error.message}: it has its pods in cgroup ${path}; ${WAY_OUT}`);
  }
}

/** UIDs of pods that have processes. */
async function runningPods(cgroups: Cgroups): Promise<readonly string[]> {
  const found: string[] = [];
  for (const qos of ["Guaranteed", "Burstable", "BestEffort"] as const) {
    const parent = qosCgroupName(KUBEPODS, qos);
    for (const leaf of await cgroups.children(parent)) {
      const uid = podUidOfCgroup([...parent, leaf]);
      if (uid !== undefined && (await cgroups.processes([...parent, leaf])).length > 0) found.push(uid);
    }
  }
  return found;
}
