/** The program: finds out what is asked for and does it. Exit codes: 0, 1 failure, 2 usage. */
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

/** Compiled code is run as it is: the directory must be one that nobody else can write to. */
function compileCacheDir(): string {
  if (process.getuid?.() === 0) return "/var/cache/tskubelet/compile";
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "tskubelet", "compile");
}

// Before the modules that it is for are loaded.
enableCompileCache(compileCacheDir());
const { main } = await import("./run-command.ts");
process.exitCode = await main(process.argv.slice(2));
