import { existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage, isRuntimeError, RuntimeError } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import { createCriClient } from "../cri/cri-client.ts";
import { boundLog } from "./bounded-log.ts";
import { CAP_SYS_RESOURCE, hasCapability } from "./capability.ts";
import { type ContainerdSettings, renderContainerdConfig } from "./containerd-config.ts";
import { containerdPaths, forgetStateOfEarlierBoot, writeIfChanged } from "./containerd-files.ts";
import { findContainerd, isAlive, type ProcessIdentity, signalProcess, spawnContainerd } from "./containerd-process.ts";
import { LostShims } from "./lost-shims.ts";
import { CNI_BIN_DIRS, findCniBinDir, findProgram, missingPrograms, missingProgramsMessage } from "./programs.ts";
import { CONTAINERD_RESTART, FRESH_RESTART_STATE, nextRestart } from "./restart-policy.ts";

export interface EmbeddedContainerdOptions {
  /** The agent's root directory; everything of containerd's lies in `containerd/` below it. */
  readonly rootDir: string;
  readonly sandboxImage: string;
  readonly cniConfDir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Name or path of the program; default `containerd`. */
  readonly containerdPath?: string;
  /** Where CNI plugins are looked for; default: Debian's directory, then /opt/cni/bin. */
  readonly cniBinDirs?: readonly string[];
  readonly systemdCgroup?: boolean;
  readonly snapshotter?: ContainerdSettings["snapshotter"];
  readonly maxConcurrentDownloads?: number;
  readonly registryConfigDir?: string;
  readonly logLevel?: ContainerdSettings["logLevel"];
  /** Limit of containerd's log; twice this lies on the disk at most. Default 8 MiB. */
  readonly maxLogBytes?: number;
  /** Called now and then while it is watched, to take away what it left outside of its own directories. */
  readonly tidy?: () => Promise<void>;
  /** How long a start may take until CRI answers. Default 60 s; a running one that is adopted has 10 s. */
  readonly readyTimeoutMs?: number;
}

/** A containerd that belongs to this root directory: started, adopted, started again when it dies. */
export interface EmbeddedContainerd {
  /** `unix:///...`, for the CRI client. */
  readonly endpoint: string;
  readonly socketPath: string;
  readonly logPath: string;
  /**
   * Resolves when CRI answers; `adopted` tells that it was running already. Watches until `stop`, `release` or `signal`.
   * Rejects with RuntimeError where programs are missing or CRI does not come up; then nothing of it runs.
   */
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
/** Rounds of the watch that tidy up: two soon after the start, as an agent that died may have left something. */
const FIRST_TIDY_ROUNDS: readonly number[] = [5, 10];
const TIDY_EVERY = 300;
const TERM_GRACE_MS = 10_000;
const ADOPT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_LOG_BYTES = 8 * 1024 * 1024;
/** OVERLAYFS_SUPER_MAGIC: overlay does not stack on overlay. */
const OVERLAYFS_MAGIC = 0x794c7630;

export function createEmbeddedContainerd(options: EmbeddedContainerdOptions): EmbeddedContainerd {
  const { clock, log } = options;
  const paths = containerdPaths(options.rootDir);
  const endpoint = `unix://${paths.socket}`;
  let current: ProcessIdentity | undefined;
  let watching: AbortController | undefined;
  let watch: Promise<void> = Promise.resolve();
  /** Cuts the watch's pause short: a child of ours ended (an adopted one is found dead by the next look), or we stop. */
  let interrupt = () => {};

  /** Writes the configuration; `changed`: a containerd that runs now was started with another one. */
  function prepare(): { readonly program: string; readonly changed: boolean } {
    const cniBinDirs = options.cniBinDirs ?? CNI_BIN_DIRS;
    const containerdPath = options.containerdPath ?? "containerd";
    const missing = missingPrograms({ cniBinDirs, containerdPath });
    const program = findProgram(containerdPath);
    const runcPath = findProgram("runc");
    const cniBinDir = findCniBinDir(cniBinDirs);
    if (missing.length > 0 || program === undefined || runcPath === undefined || cniBinDir === undefined) {
      throw new RuntimeError("Unavailable", "StartContainerd", missingProgramsMessage(missing));
    }
    mkdirSync(paths.directory, { recursive: true, mode: 0o711 });
    mkdirSync(dirname(paths.socket), { recursive: true, mode: 0o711 });
    const config = renderContainerdConfig({
      root: paths.root,
      state: paths.state,
      socket: paths.socket,
      sandboxImage: options.sandboxImage,
      cniBinDir,
      cniConfDir: options.cniConfDir,
      runcPath,
      snapshotter: snapshotter(),
      systemdCgroup: options.systemdCgroup ?? false,
      restrictOomScoreAdj: !hasCapability(CAP_SYS_RESOURCE),
      maxConcurrentDownloads: options.maxConcurrentDownloads ?? 3,
      registryConfigDir: options.registryConfigDir ?? paths.registryConfig,
      logLevel: options.logLevel ?? "info",
    });
    return { program, changed: writeIfChanged(paths.config, config) };
  }

  function snapshotter(): ContainerdSettings["snapshotter"] {
    if (options.snapshotter !== undefined) return options.snapshotter;
    return statfsSync(paths.directory).type === OVERLAYFS_MAGIC ? "native" : "overlayfs";
  }

  function boundOwnLog(): void {
    boundLog(paths.log, options.maxLogBytes ?? DEFAULT_MAX_LOG_BYTES);
  }

  async function launch(program: string): Promise<ProcessIdentity> {
    forgetStateOfEarlierBoot(paths);
    boundOwnLog();
    const started = await spawnContainerd(program, paths.config, paths.log, () => interrupt());
    writeFileSync(paths.pid, `${started.pid}\n`);
    return started;
  }

  /** Waits until CRI answers, the process dies, time is up or `signal` is aborted; rejects in all cases but the first. */
  async function waitReady(process: ProcessIdentity, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const deadline = clock.monotonic() + timeoutMs;
    const client = createCriClient(endpoint);
    let lastError = "CRI does not answer";
    try {
      while (!signal.aborted && isAlive(process) && clock.monotonic() < deadline) {
        try {
          if (existsSync(paths.socket)) {
            await client.runtime.version({ timeoutMs: 2000, signal });
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
    throw new RuntimeError("Unavailable", "StartContainerd", `${why}; see ${paths.log}`);
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

  /** The containerd that runs already, unless it has another configuration or does not answer: then it is ended. */
  async function adopt(changed: boolean, signal: AbortSignal): Promise<ProcessIdentity | undefined> {
    const running = findContainerd(paths.config, options.containerdPath);
    if (running === undefined) return undefined;
    if (changed) {
      log.info("containerd runs with another configuration, restarting it", { pid: running.pid });
    } else {
      try {
        await waitReady(running, ADOPT_TIMEOUT_MS, signal);
        return running;
      } catch (error) {
        if (signal.aborted) throw error;
        log.warn("containerd runs but does not answer, restarting it", { pid: running.pid, error });
      }
    }
    await terminate(running);
    return undefined;
  }

  async function launchAndWait(program: string, signal: AbortSignal): Promise<ProcessIdentity> {
    const started = await launch(program);
    try {
      await waitReady(started, options.readyTimeoutMs ?? 60_000, signal);
      return started;
    } catch (error) {
      await terminate(started);
      throw error;
    }
  }

  async function keepRunning(program: string, signal: AbortSignal): Promise<void> {
    let restarts = FRESH_RESTART_STATE;
    let startedAt = clock.monotonic();
    const shims = new LostShims(paths);
    for (let round = 1; !signal.aborted; round++) {
      const pause = new AbortController();
      interrupt = () => pause.abort();
      await clock.sleep(WATCH_INTERVAL_MS, pause.signal);
      if (signal.aborted) return;
      if (round % LOG_CHECK_EVERY === 0) boundOwnLog();
      if (FIRST_TIDY_ROUNDS.includes(round) || round % TIDY_EVERY === 0) await tidy(shims);
      if (current !== undefined && isAlive(current)) continue;
      const next = nextRestart(CONTAINERD_RESTART, restarts, clock.monotonic() - startedAt);
      restarts = next.state;
      log.error("containerd ended, starting it again", { pid: current?.pid, delayMs: next.delayMs, log: paths.log });
      current = undefined;
      if (!(await clock.sleep(next.delayMs, signal))) return;
      startedAt = clock.monotonic();
      try {
        current = await launchAndWait(program, signal);
        log.info("containerd runs again", { pid: current.pid });
      } catch (error) {
        if (!signal.aborted) log.error("containerd did not start", { error });
      }
    }
  }

  async function tidy(shims: LostShims): Promise<void> {
    const pids = shims.collect();
    if (pids.length > 0) log.info("shims that nobody knew of any more ended", { pids });
    await options.tidy?.().catch((error: unknown) => log.warn("not tidied up", { error: errorMessage(error) }));
  }

  async function endWatch(): Promise<void> {
    watching?.abort();
    await watch;
    watching = undefined;
  }

  return {
    endpoint,
    socketPath: paths.socket,
    logPath: paths.log,
    pid: () => (current !== undefined && isAlive(current) ? current.pid : undefined),
    async start(signal) {
      const { program, changed } = prepare();
      const running = await adopt(changed, signal);
      const adopted = running !== undefined;
      current = running ?? (await launchAndWait(program, signal));
      log.info(adopted ? "adopted the running containerd" : "containerd runs", { pid: current.pid, endpoint });
      const controller = new AbortController();
      watching = controller;
      controller.signal.addEventListener("abort", () => interrupt(), { once: true });
      signal.addEventListener("abort", () => controller.abort(), { once: true });
      watch = keepRunning(program, controller.signal);
      return { adopted, pid: current.pid };
    },
    async stop() {
      await endWatch();
      const running = current ?? findContainerd(paths.config, options.containerdPath);
      current = undefined;
      if (running !== undefined) await terminate(running);
      rmSync(paths.pid, { force: true });
    },
    async release() {
      await endWatch();
      current = undefined;
    },
  };
}
