/**
 * Runs the guest tests in a virtual machine with cgroup v2, PSI and every capability:
 *   node test/vm/run.ts [--systemd|--plain] [--timeout SECONDS] [FILTER]    tests whose file name contains FILTER
 *   node test/vm/run.ts [--systemd|--plain] [--timeout SECONDS] -c COMMAND  a shell command instead
 * A `*.systemd.test.ts` runs below systemd, every other one below a shell. --console also prints what kernel, init and
 * emulator said. Exit code: that of the first command that failed.
 */
import { readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { prepareKernel } from "./kernel.ts";
import { type Init, type MachineOptions, quoteForShell, runMachine } from "./machine.ts";

type Plan = Omit<MachineOptions, "init" | "command" | "onOutput"> & { readonly printConsole: boolean };

const checkout = realpathSync(join(import.meta.dirname, "../.."));
const guestFolder = "test/vm/guest";

function say(line: string): void {
  process.stderr.write(`vm: ${line}\n`);
}

function testFiles(init: Init, filter: string): string[] {
  return readdirSync(join(checkout, guestFolder))
    .filter((name) => name.endsWith(".test.ts") && name.includes(filter))
    .filter((name) => name.endsWith(".systemd.test.ts") === (init === "systemd"))
    .sort()
    .map((name) => `${guestFolder}/${name}`);
}

function testCommand(files: readonly string[]): string {
  const node = realpathSync(process.execPath);
  // In one process: each start of Node.js with TypeScript costs seconds under emulation.
  const options = ["--test", "--test-isolation=none", "--test-timeout=600000"];
  return [node, ...options, ...files].map(quoteForShell).join(" ");
}

async function boot(plan: Plan, init: Init, command: string): Promise<number> {
  const started = performance.now();
  const outcome = await runMachine({ ...plan, init, command, onOutput: (chunk) => process.stdout.write(chunk) });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const { exitCode, stopped, console } = outcome;
  if (plan.printConsole) process.stderr.write(console);
  if (exitCode !== undefined) {
    say(`${init} machine was up for ${seconds} s, exit code ${exitCode}`);
    return exitCode;
  }
  say(stopped ? `stopped after ${seconds} s` : `the machine ended by itself after ${seconds} s`);
  if (!plan.printConsole) process.stderr.write(`${console.split("\n").slice(-60).join("\n")}\n`);
  return 1;
}

async function main(): Promise<number> {
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interruption.abort());
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      command: { type: "string", short: "c" },
      console: { type: "boolean", default: false },
      plain: { type: "boolean" },
      systemd: { type: "boolean" },
      timeout: { type: "string", default: "1200" },
    },
  });
  if (process.arch !== "x64") throw new Error("only x86-64 is emulated, and the machine runs this machine's programs");
  const plan: Plan = {
    kernel: await prepareKernel(join(checkout, ".cache/vm"), say),
    checkout,
    memoryMiB: 2048,
    timeoutSeconds: Number(values.timeout),
    signal: interruption.signal,
    printConsole: values.console,
  };
  if (values.command !== undefined) return boot(plan, values.systemd ? "systemd" : "plain", values.command);

  const filter = positionals[0] ?? "";
  const kinds = (["plain", "systemd"] as const).filter((init) => values[init] || !(values.plain || values.systemd));
  const runs = kinds.map((init) => ({ init, files: testFiles(init, filter) })).filter(({ files }) => files.length > 0);
  if (runs.length === 0) throw new Error(`no guest test's file name contains "${filter}"`);
  let firstFailure = 0;
  for (const { init, files } of runs) {
    if (interruption.signal.aborted) return 130;
    const exitCode = await boot(plan, init, testCommand(files));
    if (firstFailure === 0) firstFailure = exitCode;
  }
  return firstFailure;
}

try {
  process.exitCode = await main();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
