/**
 * Runs tests with Node's test runner: `node scripts/run-tests.ts [KIND|all] [FILTER]`, FILTER being a part of file names.
 * Several kinds make one report with one summary at its end.
 */
import { globSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { run } from "node:test";
import { spec, type TestEvent } from "node:test/reporters";

const ROOT = join(import.meta.dirname, "..");
// Each test file is a process of its own: what was stripped of its types and compiled once serves all of them.
process.env["NODE_COMPILE_CACHE"] ??= join(ROOT, ".cache/node");

interface Kind {
  readonly about: string;
  readonly files: readonly string[];
  /** They share nothing: files run at the same time. The others share this machine's cgroups, bridges and cores. */
  readonly parallel?: boolean;
}

const KINDS: Readonly<Record<string, Kind>> = {
  unit: { about: "beside their source; fast, no machine", files: ["src/**/*.test.ts"], parallel: true },
  house: { about: "the rules of this repository", files: ["test/house/*.test.ts"], parallel: true },
  contract: { about: "each port's contract, held by host and simulator", files: ["test/contract/*.test.ts"] },
  scenario: { about: "the agent on the simulated node", files: ["test/scenario/*.test.ts"] },
  e2e: { about: "the program on real containerd, cgroups, processes", files: ["test/e2e/*.test.ts"] },
  vm: { about: "the same on cgroup v2 and systemd, in a virtual machine", files: ["test/vm/*.test.ts"] },
};

const [wanted = "unit", filter = ""] = process.argv.slice(2);
const chosen = wanted === "all" ? Object.values(KINDS) : [KINDS[wanted]].filter((kind) => kind !== undefined);
if (chosen.length === 0) {
  console.error(`unknown kind of test "${wanted}"; known are`);
  for (const [name, { about }] of Object.entries(KINDS)) console.error(`  ${name.padEnd(10)}${about}`);
  process.exit(2);
}
const files = (parallel: boolean) =>
  chosen
    .filter((kind) => (kind.parallel ?? false) === parallel)
    .flatMap((kind) => globSync([...kind.files], { cwd: ROOT }))
    .filter((file) => file.includes(filter))
    .sort()
    .map((file) => join(ROOT, file));
/** How long nothing may happen: a test that hangs is a failure with a name, not a report that never comes. */
const [SHORT_MS, LONG_MS] = [120_000, 1_200_000];
const runs = [
  { files: files(true), concurrency: true, silenceMs: SHORT_MS },
  { files: files(false), concurrency: 1, silenceMs: LONG_MS },
].filter((one) => one.files.length > 0);
if (runs.length === 0) {
  console.error(`no ${wanted} test file${filter === "" ? "" : ` has "${filter}" in its name`}`);
  process.exit(1);
}

/** One summary of several runs, in the words of Node's own: "tests 12", "pass 12" ... */
class Totals {
  readonly #counts = new Map<string, number>();
  #successes = 0;

  /** `true`: it is a part of one run's summary, and not to be shown. */
  take({ type, data }: TestEvent): boolean {
    if (type === "test:summary" && data.file === undefined) {
      if (data.success) this.#successes += 1;
      return true;
    }
    const [, name, value] = (type === "test:diagnostic" && /^(\w+) ([\d.]+)$/.exec(data.message)) || [];
    if (name === undefined || type !== "test:diagnostic" || data.file !== undefined) return false;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + Number(value));
    return true;
  }

  get succeeded(): boolean {
    return this.#successes === runs.length;
  }

  *summary(): Generator<TestEvent> {
    for (const [name, value] of this.#counts) {
      yield { type: "test:diagnostic", data: { nesting: 0, message: `${name} ${value}`, level: "info" } };
    }
  }
}

/** Ends a run in which nothing happens any more, and names the files that are to blame. */
class Watchdog {
  readonly #silenceMs: number;
  readonly #open = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(silenceMs: number) {
    this.#silenceMs = silenceMs;
  }

  see({ type, data }: TestEvent): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end(), this.#silenceMs);
    if (type === "test:dequeue" && data.name === data.file) this.#open.add(data.name);
    if (type === "test:complete" && data.name === data.file) this.#open.delete(data.name);
  }

  rest(): void {
    clearTimeout(this.#timer);
  }

  #end(): void {
    console.error(`nothing happened for ${this.#silenceMs / 1000} s, ending: ${[...this.#open].join(", ")}`);
    stop.abort();
  }
}

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
process.exitCode = await report();

/** The exit code. */
async function report(): Promise<number> {
  const totals = new Totals();
  async function* events(): AsyncGenerator<TestEvent> {
    for (const { silenceMs, ...options } of runs) {
      if (stop.signal.aborted) break;
      const watchdog = new Watchdog(silenceMs);
      for await (const event of run({ ...options, cwd: ROOT, signal: stop.signal })) {
        watchdog.see(event);
        if (!totals.take(event)) yield event;
      }
      watchdog.rest();
    }
    yield* totals.summary();
  }
  const output = Readable.from(events()).compose(new spec());
  for await (const chunk of output) process.stdout.write(chunk);
  return totals.succeeded ? 0 : 1;
}
