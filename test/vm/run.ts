/**
 * Runs the guest tests in a virtual machine with cgroup v2, PSI and every capability:
 *   node test/vm/run.ts [--systemd|--plain] [--timeout SECONDS] [FILTER]    tests whose file name contains FILTER
 *   node test/vm/run.ts [--systemd|--plain] [--timeout SECONDS] -c COMMAND  a shell command instead
 * A `*.systemd.test.ts` runs below systemd, every other one below a shell. Exit code: that of the first that failed.
 */
import { readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Kernel, prepareKernel } from "./kernel.ts";
import { type Init, quoteForShell, runMachine } from "./machine.ts";
import { MissingPackage } from "./missing-package.ts";

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
  return [node, "--test", "--test-concurrency=1", "--test-timeout=120000", ...files].map(quoteForShell).join(" ");
}

async function boot(kernel: Kernel, init: Init, command: string, timeoutSeconds: number): Promise<number> {
  const started = performance.now();
  const outcome = await runMachine({
    kernel,
    init,
    checkout,
    command,
    memoryMiB: 2048,
    timeoutSeconds,
    onOutput: (chunk) => process.stdout.write(chunk),
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const { exitCode, timedOut } = outcome;
  if (process.env["VM_CONSOLE"]) process.stderr.write(outcome.console);
  if (exitCode !== undefined) {
    say(`${init} machine was up for ${seconds} s, exit code ${exitCode}`);
    return exitCode;
  }
  say(timedOut ? `stopped after ${timeoutSeconds} s` : `the machine ended by itself after ${seconds} s`);
  process.stderr.write(`${outcome.console.split("\n").slice(-60).join("\n")}\n`);
  return 1;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      command: { type: "string", short: "c" },
      plain: { type: "boolean" },
      systemd: { type: "boolean" },
      timeout: { type: "string", default: "600" },
    },
  });
  if (process.arch !== "x64") throw new Error("the machine runs this machine's own programs and emulates x86-64 only");
  const kernel = await prepareKernel(join(checkout, ".cache/vm"), say);
  const timeoutSeconds = Number(values.timeout);
  if (values.command !== undefined) {
    return boot(kernel, values.systemd ? "systemd" : "plain", values.command, timeoutSeconds);
  }
  const kinds = (["plain", "systemd"] as const).filter((init) => values[init] || !(values.plain || values.systemd));
  const runs = kinds
    .map((init) => ({ init, files: testFiles(init, positionals[0] ?? "") }))
    .filter(({ files }) => files.length > 0);
  if (runs.length === 0) throw new Error(`no guest test's file name contains ${positionals[0] ?? ""}`);
  let firstFailure = 0;
  for (const { init, files } of runs) {
    firstFailure ||= await boot(kernel, init, testCommand(files), timeoutSeconds);
  }
  return firstFailure;
}

try {
  process.exitCode = await main();
} catch (error) {
  say(error instanceof MissingPackage || error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
