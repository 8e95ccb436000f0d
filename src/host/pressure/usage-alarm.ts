/** Alarm at levels of a cgroup's memory usage: an eventfd that cgroup v1 signals when one is crossed, either way. */
import { closeSync, openSync, readSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import type { MemoryAlarm } from "../../ports/pressure-signals.ts";
import type { EventPoller, PolledFile } from "../ffi/event-poller.ts";
import { isErrno } from "../files/errno.ts";
import { AlarmBell } from "./alarm-bell.ts";

interface Setting {
  readonly fd: number;
  readonly polled: PolledFile;
}

/** `directory`: of the memory controller. Throws with the errno where the cgroup is not there. */
export function openUsageAlarm(directory: string, poller: EventPoller): MemoryAlarm {
  const usageFd = openSync(`${directory}/memory.usage_in_bytes`, "r");
  const bell = new AlarmBell();
  let current: Setting | undefined;

  const close = (setting: Setting | undefined): void => {
    if (setting === undefined) return;
    setting.polled.close();
    // The kernel takes the levels of an eventfd away with it.
    closeSync(setting.fd);
  };
  const end = (): void => {
    if (bell.hasEnded) return;
    close(current);
    current = undefined;
    closeSync(usageFd);
    bell.end();
  };
  const open = (): Setting => {
    const fd = poller.native.eventfd();
    const polled = poller.add(fd, "readable", () => {
      drain(fd);
      bell.ring();
    });
    return { fd, polled };
  };

  return {
    kind: "usage",
    async setLevels(usageBytes) {
      if (bell.hasEnded) return;
      let next: Setting | undefined;
      try {
        next = open();
        // One after the other, the first one soonest: each makes the kernel wait for a grace period of RCU.
        for (const level of usageBytes) {
          await writeFile(`${directory}/cgroup.event_control`, `${next.fd} ${usageFd} ${level}`);
        }
      } catch {
        close(next);
        end();
        return;
      }
      if (bell.hasEnded) {
        close(next);
        return;
      }
      close(current);
      current = next;
      next.polled.listen();
      // A level that was crossed while it was being set is not signalled.
      bell.ring();
    },
    wait(signal) {
      // What was crossed until now is one ring, however often the eventfd was signalled.
      if (bell.hasRung && current !== undefined) drain(current.fd);
      current?.polled.listen();
      return bell.wait(signal);
    },
    close: end,
  };
}

/** Sets an eventfd back to 0, where it may be already. */
function drain(fd: number): void {
  try {
    readSync(fd, Buffer.alloc(8));
  } catch (error) {
    if (!isErrno(error, "EAGAIN")) throw error;
  }
}
