/** `npm run build`: compiles every room to dist/ (which the CLI runs) and checks the types of the tests. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const tsc = join(ROOT, "node_modules", ".bin", "tsc");
const { status, error } = spawnSync(tsc, ["-b"], { cwd: ROOT, stdio: "inherit" });
if (error !== undefined) throw error;
process.exitCode = status ?? 1;
