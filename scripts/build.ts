/** `npm run build`: compiles what the CLI runs to dist/, and takes away what has no source any more. */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, rmSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

// The compiler trusts its own notes; without the output that they speak of they are wrong.
if (!existsSync(join(ROOT, "dist/cli/main.js"))) rmSync(join(ROOT, ".cache/tsc"), { recursive: true, force: true });
const tsc = join(ROOT, "node_modules", ".bin", "tsc");
const { status, error } = spawnSync(tsc, ["-b", "src/cli"], { cwd: ROOT, stdio: "inherit" });
if (error !== undefined) throw error;
process.exitCode = status ?? 1;

for (const made of globSync("dist/**/*.{js,d.ts}", { cwd: ROOT })) {
  const source = made.replace(/^dist/, "src").replace(/(\.d)?\.(js|ts)$/, ".ts");
  if (!existsSync(join(ROOT, source))) rmSync(join(ROOT, made));
}
