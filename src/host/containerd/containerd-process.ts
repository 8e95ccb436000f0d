import { spawn } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { searchPath } from "./programs.ts";

/** A process by number and start time, so that a number given out anew is not taken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot, field 22 of /proc/PID/stat. */
  readonly startTicks: string;
}

/** `undefined`: there is no such process, or it is a zombie. */
export function observeProcess(pid: number): ProcessIdentity | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name, in parentheses, may hold anything; what follows the last one is numbers.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const startTicks = fields[19];
  const state = fields[0];
  if (startTicks === undefined || state === "Z" || state === "X") return undefined;
  return { pid, startTicks };
}

export function isAlive(process: ProcessIdentity): boolean {
  return observeProcess(process.pid)?.startTicks === process.startTicks;
}

/**
 * The containerd that runs with exactly this configuration file, whoever started it; the oldest where several do.
 * `program`: name or path of it, where it is not called containerd.
 */
export function findContainerd(configPath: string, program?: string): ProcessIdentity | undefined {
  const pids = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
  for (const pid of pids) {
    const commandLine = readProc(`/proc/${pid}/cmdline`)?.split("\0") ?? [];
    if (isContainerdCommand(commandLine, configPath, program)) return observeProcess(pid);
  }
  return undefined;
}

export function isContainerdCommand(
  commandLine: readonly string[],
  configPath: string,
  program = "containerd",
): boolean {
  const name = basename(commandLine[0] ?? "");
  const config = commandLine.indexOf("--config");
  // One that was started before a change of the program's name counts too.
  const isNamed = name.includes("containerd") || name === basename(program);
  return isNamed && config > 0 && commandLine[config + 1] === configPath;
}

/**
 * Starts containerd in a session of its own: a Ctrl-C at the agent's terminal, or the agent's death, does not reach it.
 * `onExit` is called once if it ends while this process lives.
 */
export function spawnContainerd(
  program: string,
  configPath: string,
  logPath: string,
  onExit: () => void,
): Promise<ProcessIdentity> {
  const log = openSync(logPath, "a", 0o640);
  const child = spawn(program, ["--config", configPath], {
    detached: true,
    cwd: "/",
    env: { PATH: searchPath(), ...proxyEnvironment() },
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  child.once("exit", onExit);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", () => {
      child.unref();
      const pid = child.pid ?? 0;
      // One that has ended already has no entry any more: it is known by number alone and found dead.
      resolve(observeProcess(pid) ?? { pid, startTicks: "" });
    });
  });
}

/** Pulls go through the proxy that the agent was given; nothing else of the environment is containerd's business. */
function proxyEnvironment(): Record<string, string> {
  const names = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "TMPDIR"];
  const pairs = names.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined));
}

/** False where it has ended already. */
export function signalProcess(identity: ProcessIdentity, signal: "SIGTERM" | "SIGKILL"): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch {
    return false;
  }
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
