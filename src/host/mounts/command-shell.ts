import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { Socket } from "node:net";

export interface CommandResult {
  readonly exitCode: number;
  /** Both outputs, cut off at a bound. */
  readonly output: string;
}

interface Waiting {
  readonly resolve: (result: CommandResult) => void;
  readonly reject: (error: Error) => void;
}

const idleMs = 5000;
const deadlineMs = 30_000;
const longestOutput = 16_384;

/**
 * Runs short commands one after the other in one shell that stays for a while. Starting a program straight from Node.js
 * copies the page tables of the whole agent each time, milliseconds in which nothing else runs; a shell is tiny.
 */
export class CommandShell {
  #shell: ChildProcessWithoutNullStreams | undefined;
  #waiting: Waiting[] = [];
  #output = "";
  #timer: NodeJS.Timeout | undefined;
  /** Ends each command's output; no program can know it. */
  readonly #mark = `\u0001${process.pid}-${process.hrtime.bigint().toString(36)} `;

  /** Runs `args[0]` with the rest, as written: nothing is expanded. */
  run(args: readonly string[]): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      const command = args.map(quoteForShell).join(" ");
      this.#start().stdin.write(`${command} 2>&1 </dev/null; printf '\\n%s%d\\n' '${this.#mark}' $?\n`);
      if (this.#waiting.length === 1) this.#arm();
    });
  }

  #start(): ChildProcessWithoutNullStreams {
    if (this.#shell !== undefined) return this.#shell;
    const shell = spawn("/bin/sh", [], { stdio: "pipe", env: { LC_ALL: "C", PATH: process.env["PATH"] }, cwd: "/" });
    this.#shell = shell;
    this.#output = "";
    shell.stdout.setEncoding("utf8").on("data", (text: string) => this.#received(shell, text));
    shell.stderr.resume();
    const ended = (error?: Error): void => this.#ended(shell, error ?? new Error("the shell for mounts ended"));
    shell.on("error", ended).on("exit", () => ended());
    shell.stdin.on("error", ended);
    // Alone it is no reason to stay alive; while a command runs, the deadline's timer is.
    shell.unref();
    for (const pipe of [shell.stdin, shell.stdout, shell.stderr]) if (pipe instanceof Socket) pipe.unref();
    return shell;
  }

  #received(shell: ChildProcessWithoutNullStreams, text: string): void {
    if (shell !== this.#shell) return;
    this.#output += text;
    for (;;) {
      const at = this.#output.indexOf(this.#mark);
      const end = at < 0 ? -1 : this.#output.indexOf("\n", at);
      if (end < 0) break;
      const exitCode = Number(this.#output.slice(at + this.#mark.length, end));
      const output = this.#output.slice(0, at).trim().slice(0, longestOutput);
      this.#output = this.#output.slice(end + 1);
      this.#waiting.shift()?.resolve({ exitCode, output });
      this.#arm();
    }
    if (this.#output.length > 4 * longestOutput) this.#output = this.#output.slice(-longestOutput);
  }

  /** A command that hangs ends the shell, and so do some seconds without a command. */
  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#waiting.length > 0) {
      this.#timer = setTimeout(() => this.#shell?.kill("SIGKILL"), deadlineMs);
      return;
    }
    this.#timer = setTimeout(() => {
      const shell = this.#shell;
      this.#shell = undefined; // the next command starts a new one, even before this one has ended
      shell?.kill("SIGKILL");
    }, idleMs);
    this.#timer.unref();
  }

  #ended(shell: ChildProcessWithoutNullStreams, error: Error): void {
    if (shell !== this.#shell) return;
    this.#shell = undefined;
    clearTimeout(this.#timer);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) each.reject(error);
  }
}

function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
