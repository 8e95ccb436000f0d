import { lstat, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../ports/clock.ts";
import type { PluginInfo, PluginSocket, PluginSockets } from "../../ports/csi.ts";
import { createGrpcChannel } from "../cri/http2-channel.ts";
import { bool, message, repeated, string } from "../cri/message.ts";
import { DirectoryWatch } from "../files/directory-watch.ts";
import { asHostError, isErrno } from "../files/errno.ts";
import { empty } from "./csi-schema.ts";
import { createPluginCall } from "./plugin-call.ts";

const SERVICE = "pluginregistration.Registration";
/** The kubelet gives a plugin a second; one that starts on a busy machine may need more. */
const CALL_TIMEOUT_MS = 5_000;
/** No event for so long: whoever puts a socket there is done. */
const QUIET_MS = 5;
/** What happens below the directory itself is told by nobody. */
const RESCAN_MS = 2_000;
/** Plugins put their socket into the directory or one below it. */
const DEEPEST_LEVEL = 2;
const DIRECTORY_MODE = 0o750;

const pluginInfo = message<PluginInfo>({
  type: string(1),
  name: string(2),
  endpoint: string(3),
  supportedVersions: repeated(string(4)),
});

const registrationStatus = message<{ registered: boolean; error: string }>({ registered: bool(1), error: string(2) });

export interface PluginSocketsOptions {
  /** `<root>/plugins_registry`; made where missing. */
  readonly directory: string;
  readonly clock: Clock;
}

/** Source: kubelet pluginmanager/pluginwatcher plugin_watcher.go, operationexecutor operation_generator.go. */
export async function createPluginSockets({ directory, clock }: PluginSocketsOptions): Promise<PluginSockets> {
  await asHostError(directory, mkdir(directory, { recursive: true, mode: DIRECTORY_MODE }));
  return {
    async watch(report, signal) {
      let wake = () => {};
      const watch = new DirectoryWatch(directory, () => wake());
      const close = () => wake();
      signal.addEventListener("abort", close, { once: true });
      try {
        let known = "";
        let isFirst = true;
        while (!signal.aborted) {
          const woken = new Promise<void>((resolve) => {
            wake = resolve;
          });
          await watch.ensure().catch(() => "absent");
          const sockets = await findSockets(directory, 0);
          const now = JSON.stringify(sockets);
          if (isFirst || now !== known) report(sockets);
          [isFirst, known] = [false, now];
          await untilEither(clock, woken, signal);
          await clock.sleep(QUIET_MS, signal);
        }
      } finally {
        signal.removeEventListener("abort", close);
        watch.close();
      }
    },

    getInfo: (socketPath, signal) => withCall(socketPath, (call) => call("GetInfo", empty, {}, pluginInfo, signal)),

    async notify(socketPath, status, signal) {
      await withCall(socketPath, (call) => call("NotifyRegistrationStatus", registrationStatus, status, empty, signal));
    },
  };
}

async function untilEither(clock: Clock, woken: Promise<void>, signal: AbortSignal): Promise<void> {
  const timer = new AbortController();
  await Promise.race([woken, clock.sleep(RESCAN_MS, AbortSignal.any([signal, timer.signal]))]);
  timer.abort();
}

async function withCall<T>(
  socketPath: string,
  use: (call: ReturnType<typeof createPluginCall>) => Promise<T>,
): Promise<T> {
  const channel = createGrpcChannel(socketPath);
  try {
    return await use(createPluginCall(channel, SERVICE, CALL_TIMEOUT_MS));
  } finally {
    channel.close();
  }
}

/** Sockets by path. Names that begin with a dot are passed over, and what goes away meanwhile. */
async function findSockets(directory: string, level: number): Promise<readonly PluginSocket[]> {
  const found: PluginSocket[] = [];
  try {
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.name.startsWith(".")) continue;
      if (entry.isDirectory() && level < DEEPEST_LEVEL) found.push(...(await findSockets(path, level + 1)));
      if (!entry.isSocket()) continue;
      const { ino, mtimeNs } = await lstat(path, { bigint: true });
      found.push({ path, identity: `${ino}-${mtimeNs}` });
    }
  } catch (error) {
    if (!isErrno(error, "ENOENT", "ENOTDIR", "EACCES")) throw error;
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}
