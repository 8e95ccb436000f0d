import { readFileSync, writeFileSync } from "node:fs";
import { isErrno } from "../files/errno.ts";

/**
 * Sets the oom_score_adj of this process, or the nearest value that the kernel lets it have: without CAP_SYS_RESOURCE a
 * process cannot go below what it was started with. Returns the value that holds now.
 */
export function setOwnOomScoreAdj(wanted: number, path = "/proc/self/oom_score_adj"): number {
  const current = Number(readFileSync(path, "utf8"));
  for (const value of [wanted, 0]) {
    if (value >= current && value !== wanted) break;
    if (tryWrite(path, value)) return value;
  }
  return current;
}

function tryWrite(path: string, value: number): boolean {
  try {
    writeFileSync(path, String(value));
    return true;
  } catch (error) {
    if (isErrno(error, "EACCES", "EPERM")) return false;
    throw error;
  }
}
