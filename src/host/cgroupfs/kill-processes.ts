import { isErrno } from "../files/errno.ts";

/** Sends SIGKILL to all that are still there; never to this process or to init. Returns how many got it. */
export function killProcesses(pids: Iterable<number>): number {
  let killed = 0;
  for (const pid of pids) {
    if (pid <= 1 || pid === process.pid) continue;
    try {
      process.kill(pid, "SIGKILL");
      killed++;
    } catch (error) {
      if (!isErrno(error, "ESRCH")) throw error;
    }
  }
  return killed;
}
