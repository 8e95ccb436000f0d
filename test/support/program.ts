/** The program as a user calls it, beside an agent that runs. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export const PROGRAM = join(import.meta.dirname, "..", "..", "bin", "tskubelet");

export interface Outcome {
  readonly out: string;
  readonly err: string;
  /** `null`: ended by a signal. */
  readonly code: number | null;
}

/** A call that goes on; what it printed so far can be looked at. */
export class RunningProgram {
  readonly child: ChildProcess;
  readonly ended: Promise<Outcome>;
  #out: Buffer[] = [];
  #err: Buffer[] = [];

  constructor(command: string, args: readonly string[], input?: Uint8Array | string) {
    this.child = spawn(command, args, { stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"] });
    this.child.stdout?.on("data", (part: Buffer) => this.#out.push(part));
    this.child.stderr?.on("data", (part: Buffer) => this.#err.push(part));
    // A program that ends without reading all of its input is no mistake of the test.
    this.child.stdin?.on("error", () => {});
    this.child.stdin?.end(input);
    this.ended = once(this.child, "close").then(([code]) => ({
      out: this.out,
      err: this.err,
      code: code as number | null,
    }));
  }

  get out(): string {
    return Buffer.concat(this.#out).toString();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#out);
  }

  get err(): string {
    return Buffer.concat(this.#err).toString();
  }
}

/** Calls of the program for the agent of one root directory. */
export class Program {
  readonly #rootDir: string;

  constructor(rootDir: string) {
    this.#rootDir = rootDir;
  }

  /** Arguments with `--root-dir` behind the command's name. */
  args([command = "", ...rest]: readonly string[]): readonly string[] {
    return [command, "--root-dir", this.#rootDir, ...rest];
  }

  start(args: readonly string[], input?: Uint8Array | string): RunningProgram {
    return new RunningProgram(PROGRAM, this.args(args), input);
  }

  run(...args: readonly string[]): Promise<Outcome> {
    return this.start(args).ended;
  }
}
