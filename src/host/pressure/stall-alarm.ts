/**
 * Alarm of cgroup v2, which has no levels of usage: a trigger on the time that tasks wait for memory (PSI), and for a cgroup
 * with a limit its memory.events: the kernel tells by inotify when it is reached.
 */
import { closeSync, type FSWatcher, watch } from "node:fs";
import type { MemoryAlarm } from "../../ports/pressure-signals.ts";
import { type EventPoller, eventPoller } from "../ffi/event-poller.ts";
import { openPsiTrigger, type PsiTriggerSpec } from "../psi/psi-trigger.ts";
import { AlarmBell } from "./alarm-bell.ts";

/**
 * A tenth of the time. The short window is refused without CAP_SYS_RESOURCE; with the long one the kernel looks every two
 * seconds alone.
 */
const TRIGGERS: readonly PsiTriggerSpec[] = [
  { kind: "some", stallUs: 50_000, windowUs: 500_000 },
  { kind: "some", stallUs: 200_000, windowUs: 2_000_000 },
];

interface StallFiles {
  readonly pressure: string;
  /** Of a cgroup that has a limit. */
  readonly events?: string;
}

/** `undefined`: the kernel tells nothing by either way. */
export async function openStallAlarm(files: StallFiles): Promise<MemoryAlarm | undefined> {
  const bell = new AlarmBell();
  const poller = await eventPoller();
  const trigger = poller && openTrigger(files.pressure, poller, bell);
  const watcher = files.events === undefined ? undefined : watchEvents(files.events, bell);
  if (trigger === undefined && watcher === undefined) return undefined;
  return {
    kind: "stall",
    setLevels: async () => {},
    wait(signal) {
      trigger?.listen();
      return bell.wait(signal);
    },
    close() {
      if (bell.hasEnded) return;
      trigger?.close();
      watcher?.close();
      bell.end();
    },
  };
}

function openTrigger(
  path: string,
  poller: EventPoller,
  bell: AlarmBell,
): { readonly listen: () => void; readonly close: () => void } | undefined {
  const fd = openPsiTrigger(path, TRIGGERS);
  if (fd === undefined) return undefined;
  try {
    const polled = poller.add(fd, "priority", () => bell.ring());
    const close = () => {
      polled.close();
      closeSync(fd);
    };
    return { listen: polled.listen, close };
  } catch {
    closeSync(fd);
    return undefined;
  }
}

function watchEvents(path: string, bell: AlarmBell): FSWatcher | undefined {
  try {
    const watcher = watch(path, { persistent: false }, () => bell.ring());
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
