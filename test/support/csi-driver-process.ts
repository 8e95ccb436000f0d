/** The CSI driver for tests (csi-driver.ts) as a process that a test starts, looks into, disturbs and ends. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CsiFault } from "./csi-driver.ts";

const DRIVER = join(import.meta.dirname, "csi-driver.ts");

export interface CsiCall {
  readonly call: string;
  readonly request: Readonly<Record<string, unknown>>;
}

export interface TestCsiDriverOptions {
  readonly name: string;
  /** All of the driver's files: its socket, volumes, journal. */
  readonly directory: string;
  /** The agent's directory of plugin sockets; absent: it makes itself known to nobody. */
  readonly registry?: string;
  /** "capabilities=1,2", "versions=0.3.0", "maxVolumes=7". */
  readonly options?: readonly string[];
}

export class TestCsiDriver {
  readonly #options: TestCsiDriverOptions;
  #process: ChildProcess | undefined;

  constructor(options: TestCsiDriverOptions) {
    this.#options = options;
    mkdirSync(join(options.directory, "volumes"), { recursive: true });
  }

  get name(): string {
    return this.#options.name;
  }

  get socketPath(): string {
    return join(this.#options.directory, "csi.sock");
  }

  /** Resolves when the driver serves. */
  async start(): Promise<void> {
    const { name, directory, registry = "", options = [] } = this.#options;
    const args = [DRIVER, name, this.socketPath, registry, directory, ...options];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#process = child;
    const [first] = (await Promise.race([once(child.stdout, "data"), once(child, "exit")])) as [unknown];
    if (child.exitCode !== null) throw new Error(`the CSI driver ended with ${String(first)}`);
  }

  /** "SIGTERM": an orderly end, its registration goes; "SIGKILL": its sockets stay behind. */
  async end(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }

  /** Makes a volume, as a controller would; returns its directory. */
  addVolume(id: string, files: Readonly<Record<string, string>> = {}): string {
    const directory = join(this.#options.directory, "volumes", id);
    mkdirSync(directory, { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text);
    return directory;
  }

  /** By call, "NodeStageVolume". */
  setFaults(faults: Readonly<Record<string, CsiFault>>): void {
    writeFileSync(join(this.#options.directory, "faults.json"), JSON.stringify(faults));
  }

  /** Volumes are told as abnormal from now on. */
  setAbnormal(isAbnormal: boolean): void {
    const path = join(this.#options.directory, "abnormal");
    if (isAbnormal) writeFileSync(path, "");
    else rmSync(path, { force: true });
  }

  /** Every call so far; `name`: of that kind alone. */
  calls(name?: string): readonly CsiCall[] {
    const path = join(this.#options.directory, "journal.ndjson");
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
    const calls = lines.map((line) => JSON.parse(line) as CsiCall);
    return calls.filter(({ call }) => name === undefined || call === name);
  }

  /** Ends it, gives back its loop devices and removes its files. What is left mounted is for the test to say. */
  async close(): Promise<void> {
    await this.end("SIGKILL");
    const { registry, directory } = this.#options;
    if (registry !== undefined) rmSync(join(registry, `${this.name}-reg.sock`), { force: true });
    for (const id of readdirSync(join(directory, "volumes"))) {
      for (const device of loopDevicesOf(join(directory, "volumes", id, "disk.img"))) {
        execFileSync("losetup", ["-d", device], { stdio: "ignore" });
      }
    }
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Loop devices that a file is behind. */
export function loopDevicesOf(file: string): readonly string[] {
  if (!existsSync(file)) return [];
  const lines = execFileSync("losetup", ["-j", file], { encoding: "utf8" }).split("\n");
  return lines.flatMap((line) => /^(\S+):/.exec(line)?.[1] ?? []);
}
