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

/**
 * `together`: they share nothing, all files run at the same time. `alone`: one after the other, and each takes all cores.
 * `inTurn`: one after the other, as they share this machine's cgroups and bridges. `beside`: beside those, as they share
 * nothing with them and take one core for long. `last`: as `inTurn`, when nothing else takes and frees memory any more.
 */
type Order = "together" | "alone" | "inTurn" | "beside" | "last";

interface Kind {
  readonly about: string;
  readonly files: readonly string[];
  readonly order: Order;
}

const KINDS: Readonly<Record<string, Kind>> = {
  unit: { about: "beside their source; fast, no machine", files: ["src/**/*.test.ts"], order: "together" },
  house: { about: "the rules of this repository", files: ["test/house/*.test.ts"], order: "together" },
  contract: {
    about: "each port's contract, held by host and simulator",
    files: ["test/contract/*.test.ts"],
    order: "inTurn",
  },
  scenario: { about: "the agent on the simulated node", files: ["test/scenario/*.test.ts"], order: "alone" },
  e2e: { about: "the program on real containerd, cgroups, processes", files: ["test/e2e/*.test.ts"], order: "inTurn" },
  vm: {
    about: "the same on cgroup v2 and systemd, in a virtual machine",
    files: ["test/vm/*.test.ts"],
    order: "beside",
  },
};
/** They go by how much memory this machine has left. */
const MEASURES_MACHINE = /\/eviction-[^/]*$/;

const [wanted = "unit", filter = ""] = process.argv.slice(2);
const chosen = wanted === "all" ? Object.values(KINDS) : [KINDS[wanted]].filter((kind) => kind !== undefined);
if (chosen.length === 0) {
  console.error(`unknown kind of test "${wanted}"; known are`);
  for (const [name, { about }] of Object.entries(KINDS)) console.error(`  ${name.padEnd(10)}${about}`);
  process.exit(2);
}
const filesOf = (order: Order) =>
  chosen
    .flatMap((kind) => globSync([...kind.files], { cwd: ROOT }).map((file) => ({ file, order: orderOf(kind, file) })))
    .filter((one) => one.order === order && one.file.includes(filter))
    .map(({ file }) => join(ROOT, file))
    .sort();
function orderOf({ order }: Kind, file: string): Order {
  return order === "inTurn" && MEASURES_MACHINE.test(file) ? "last" : order;
}
/** How long nothing may happen: a test that hangs is a failure with a name, not a report that never comes. */
const [SHORT_MS, LONG_MS] = [120_000, 1_200_000];
interface Run {
  readonly files: readonly string[];
  readonly concurrency: boolean | number;
  readonly silenceMs: number;
}
const inTurn = (order: Order): Run => ({ files: filesOf(order), concurrency: 1, silenceMs: LONG_MS });
/** One after the other; what stands in one line runs at the same time. */
const stages: readonly (readonly Run[])[] = [
  [{ files: filesOf("together"), concurrency: true, silenceMs: SHORT_MS }],
  [inTurn("alone")],
  [inTurn("inTurn"), inTurn("beside")],
  [inTurn("last")],
].map((stage) => stage.filter(({ files }) => files.length > 0));
const runs = stages.flat();
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
  const output = Readable.from(events(totals)).compose(new spec());
  for await (const chunk of output) process.stdout.write(chunk);
  return totals.succeeded ? 0 : 1;
}

/** What happens in the first run of a stage as it happens, then what happened meanwhile in the others. */
async function* events(totals: Totals): AsyncGenerator<TestEvent> {
  for (const [first, ...others] of stages) {
    if (first === undefined || stop.signal.aborted) continue;
    const meanwhile = others.map((one) => collect(eventsOf(one, totals)));
    yield* eventsOf(first, totals);
    for (const events of meanwhile) yield* await events;
  }
  yield* totals.summary();
}

async function collect(events: AsyncIterable<TestEvent>): Promise<readonly TestEvent[]> {
  const all: TestEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

async function* eventsOf({ silenceMs, ...options }: Run, totals: Totals): AsyncGenerator<TestEvent> {
  const watchdog = new Watchdog(silenceMs);
  for await (const event of run({ ...options, cwd: ROOT, signal: stop.signal })) {
    watchdog.see(event);
    if (!totals.take(event)) yield event;
  }
  watchdog.rest();
}
