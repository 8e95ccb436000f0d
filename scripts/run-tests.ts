/**
 * Runs the tests of one kind with Node's test runner: `unit` (beside their source, fast, no machine), `contract` and
 * `e2e` (real containerd, real cgroups), `scenario` (the simulated node) or `all`.
 */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const KINDS: Readonly<Record<string, readonly string[]>> = {
  unit: ["src/**/*.test.ts", "test/house/*.test.ts"],
  contract: ["test/contract/*.test.ts"],
  scenario: ["test/scenario/*.test.ts"],
  e2e: ["test/e2e/*.test.ts"],
};

const kind = process.argv[2] ?? "unit";
const patterns = kind === "all" ? Object.values(KINDS).flat() : KINDS[kind];
if (patterns === undefined) {
  console.error(`unknown kind of test "${kind}"; known are ${Object.keys(KINDS).join(", ")} and all`);
  process.exit(2);
}
const filter = process.argv[3];
const files = globSync([...patterns], { cwd: ROOT })
  .filter((file) => filter === undefined || file.includes(filter))
  .sort();
if (files.length === 0) {
  console.error(`no ${kind} test file${filter === undefined ? "" : ` matches ${filter}`}`);
  process.exit(1);
}
// Tests of the real machine share its cgroups, bridges and two cores: one file after the other.
const concurrency = kind === "unit" ? [] : ["--test-concurrency=1"];
const { status } = spawnSync(process.execPath, ["--test", ...concurrency, ...files], { cwd: ROOT, stdio: "inherit" });
process.exitCode = status ?? 1;
