/**
 * `npm run build [-- --clean]`: compiles what the CLI runs to dist/. `--clean`: from nothing, so that dist/ holds no file
 * whose source is gone; what a package is made from.
 */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
if (process.argv.includes("--clean")) {
  for (const made of ["dist", ".cache/tsc"]) rmSync(join(ROOT, made), { recursive: true, force: true });
}
const tsc = join(ROOT, "node_modules", ".bin", "tsc");
const { status, error } = spawnSync(tsc, ["-b", "src/cli"], { cwd: ROOT, stdio: "inherit" });
if (error !== undefined) throw error;
process.exitCode = status ?? 1;
