import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage, isRuntimeError, RuntimeError } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import { createCriClient } from "../cri/cri-client.ts";
import { boundLog } from "./bounded-log.ts";
import { CAP_SYS_RESOURCE, hasCapability } from "./capability.ts";
import { type ContainerdSettings, renderContainerdConfig } from "./containerd-config.ts";
import { findContainerd, isAlive, type ProcessIdentity, signalProcess, spawnContainerd } from "./containerd-process.ts";
import { findCniBinDir, findProgram, missingPrograms, missingProgramsMessage } from "./programs.ts";
import { CONTAINERD_RESTART, FRESH_RESTART_STATE, nextRestart } from "./restart-policy.ts";

export interface EmbeddedContainerdOptions {
  /** The agent's root directory; everything of containerd's lies in `containerd/` below it. */
  readonly rootDir: string;
  readonly sandboxImage: string;
  readonly cniConfDir: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly systemdCgroup?: boolean;
  readonly snapshotter?: "overlayfs" | "native";
  readonly maxConcurrentDownloads?: number;
  readonly registryConfigDir?: string;
  readonly logLevel?: ContainerdSettings["logLevel"];
  /** Limit of containerd's log; twice this lies on the disk at most. Default 8 MiB. */
  readonly maxLogBytes?: number;
  /** How long a start may take until CRI answers. Default 60 s. */
  readonly readyTimeoutMs?: number;
}

/** A containerd that belongs to this root directory: started, adopted, started again when it dies. */
export interface EmbeddedContainerd {
  /** `unix:///...`, for the CRI client and for `ctr --address`. */
  readonly endpoint: string;
  readonly socketPath: string;
  readonly logPath: string;
  /** Resolves when CRI answers; `adopted` tells that it was running already. Watches until `stop`, `release` or `signal`. */
  start(signal: AbortSignal): Promise<{ readonly adopted: boolean; readonly pid: number }>;
  /** Ends containerd and stops watching. Pods go on without it: their shims are processes of their own. */
  stop(): Promise<void>;
  /** Stops watching and leaves containerd running, to be adopted by the next agent. */
  release(): Promise<void>;
  /** Process number while it runs. */
  pid(): number | undefined;
}

const WATCH_INTERVAL_MS = 1000;
const LOG_CHECK_EVERY = 30;
const TERM_GRACE_MS = 10_000;
/** sun_path holds 108 bytes; containerd appends `.ttrpc` to make its second socket. */
const MAX_SOCKET_PATH = 100;
/** OVERLAYFS_SUPER_MAGIC: overlay does not stack on overlay. */
const OVERLAYFS_MAGIC = 0x794c7630;

export function createEmbeddedContainerd(options: EmbeddedContainerdOptions): EmbeddedContainerd {
  const { clock, log } = options;
  const directory = resolve(options.rootDir, "containerd");
  const configPath = join(directory, "config.toml");
  const logPath = join(directory, "containerd.log");
  const stateDir = join(directory, "state");
  const socketPath = socketPathFor(directory);
  const endpoint = `unix://${socketPath}`;
  let current: ProcessIdentity | undefined;
  let watching: AbortController | undefined;
  let watch: Promise<void> = Promise.resolve();

  function prepare(): { readonly program: string; readonly changed: boolean } {
    const missing = missingPrograms();
    const program = findProgram("containerd");
    const runcPath = findProgram("runc");
    const cniBinDir = findCniBinDir();
    if (missing.length > 0 || program === undefined || runcPath === undefined || cniBinDir === undefined) {
      throw new RuntimeError("Unavailable", "StartContainerd", missingProgramsMessage(missing));
    }
    mkdirSync(directory, { recursive: true, mode: 0o711 });
    mkdirSync(dirname(socketPath), { recursive: true, mode: 0o711 });
    const settings: ContainerdSettings = {
      root: join(directory, "root"),
      state: stateDir,
      socket: socketPath,
      sandboxImage: options.sandboxImage,
      cniBinDir,
      cniConfDir: options.cniConfDir,
      runcPath,
      snapshotter: options.snapshotter ?? snapshotterFor(directory),
      systemdCgroup: options.systemdCgroup ?? false,
      restrictOomScoreAdj: !hasCapability(CAP_SYS_RESOURCE),
      maxConcurrentDownloads: options.maxConcurrentDownloads ?? 3,
      registryConfigDir: options.registryConfigDir ?? join(directory, "certs.d"),
      logLevel: options.logLevel ?? "info",
    };
    const config = renderContainerdConfig(settings);
    const changed = !existsSync(configPath) || readFileSync(configPath, "utf8") !== config;
    if (changed) writeFileSync(configPath, config, { mode: 0o600 });
    return { program, changed };
  }

  async function launch(program: string): Promise<ProcessIdentity> {
    forgetStateOfEarlierBoot(directory, stateDir);
    boundLog(logPath, options.maxLogBytes ?? 8 * 1024 * 1024);
    const started = await spawnContainerd(program, configPath, logPath, () => {});
    writeFileSync(join(directory, "containerd.pid"), `${started.pid}\n`);
    return started;
  }

  /** Waits until CRI answers, the process dies, time is up or `signal` is aborted; throws in all cases but the first. */
  async function waitReady(process: ProcessIdentity, signal: AbortSignal): Promise<void> {
    const deadline = clock.monotonic() + (options.readyTimeoutMs ?? 60_000);
    const client = createCriClient(endpoint);
    let lastError = "no answer";
    try {
      while (!signal.aborted && isAlive(process) && clock.monotonic() < deadline) {
        try {
          if (existsSync(socketPath)) {
            await client.runtime.version({ timeoutMs: 2000, signal });
            chmodSync(socketPath, 0o660);
            return;
          }
        } catch (error) {
          lastError = errorMessage(error);
          // It serves, but not CRI: waiting would not help.
          if (isRuntimeError(error, "Unimplemented")) break;
        }
        await clock.sleep(25, signal);
      }
    } finally {
      client.close();
    }
    const why = signal.aborted ? "start was cancelled" : isAlive(process) ? lastError : "containerd ended";
    throw new RuntimeError("Unavailable", "StartContainerd", `${why}; see ${logPath}`);
  }

  async function terminate(process: ProcessIdentity): Promise<void> {
    if (!signalProcess(process, "SIGTERM")) return;
    const deadline = clock.monotonic() + TERM_GRACE_MS;
    while (isAlive(process) && clock.monotonic() < deadline) await clock.sleep(20);
    if (!isAlive(process)) return;
    log.warn("containerd did not end in time, killing it", { pid: process.pid });
    signalProcess(process, "SIGKILL");
    while (isAlive(process)) await clock.sleep(20);
  }

  async function keepRunning(program: string, signal: AbortSignal): Promise<void> {
    let restarts = FRESH_RESTART_STATE;
    let startedAt = clock.monotonic();
    for (let round = 1; await clock.sleep(WATCH_INTERVAL_MS, signal); round++) {
      if (round % LOG_CHECK_EVERY === 0) boundLog(logPath, options.maxLogBytes ?? 8 * 1024 * 1024);
      if (current !== undefined && isAlive(current)) continue;
      const next = nextRestart(CONTAINERD_RESTART, restarts, clock.monotonic() - startedAt);
      restarts = next.state;
      log.error("containerd ended, starting it again", { pid: current?.pid, delayMs: next.delayMs, logPath });
      current = undefined;
      if (!(await clock.sleep(next.delayMs, signal))) return;
      startedAt = clock.monotonic();
      try {
        current = await launch(program);
        await waitReady(current, signal);
        log.info("containerd runs again", { pid: current.pid });
      } catch (error) {
        if (!signal.aborted) log.error("containerd did not start", { error: errorMessage(error) });
      }
    }
  }

  async function endWatch(): Promise<void> {
    watching?.abort();
    await watch;
    watching = undefined;
  }

  return {
    endpoint,
    socketPath,
    logPath,
    pid: () => (current !== undefined && isAlive(current) ? current.pid : undefined),
    async start(signal) {
      const { program, changed } = prepare();
      const running = findContainerd(configPath);
      if (running !== undefined && changed) {
        log.info("containerd runs with another configuration, restarting it", { pid: running.pid });
        await terminate(running);
      }
      const adopted = running !== undefined && !changed;
      current = adopted ? running : await launch(program);
      await waitReady(current, signal);
      log.info(adopted ? "adopted the running containerd" : "containerd runs", { pid: current.pid, endpoint });
      const controller = new AbortController();
      watching = controller;
      signal.addEventListener("abort", () => controller.abort(), { once: true });
      watch = keepRunning(program, controller.signal);
      return { adopted, pid: current.pid };
    },
    async stop() {
      await endWatch();
      const running = current ?? findContainerd(configPath);
      current = undefined;
      if (running !== undefined) await terminate(running);
      rmSync(join(directory, "containerd.pid"), { force: true });
    },
    async release() {
      await endWatch();
      current = undefined;
    },
  };
}

/** In the agent's directory, or under /run where that path is too long for a socket. */
function socketPathFor(directory: string): string {
  const path = join(directory, "containerd.sock");
  if (path.length <= MAX_SOCKET_PATH) return path;
  const name = createHash("sha256").update(directory).digest("hex").slice(0, 12);
  return `/run/tskubelet/${name}.sock`;
}

function snapshotterFor(directory: string): "overlayfs" | "native" {
  return statfsSync(directory).type === OVERLAYFS_MAGIC ? "native" : "overlayfs";
}

/** containerd expects its state on a tmpfs: after a boot the mounts and sockets that it speaks of are gone. */
function forgetStateOfEarlierBoot(directory: string, stateDir: string): void {
  const marker = join(directory, "boot-id");
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
  const earlier = existsSync(marker) ? readFileSync(marker, "utf8") : undefined;
  if (earlier !== undefined && earlier !== bootId) rmSync(stateDir, { recursive: true, force: true });
  if (earlier !== bootId) writeFileSync(marker, bootId);
}
