/** Runs credential provider plugins: programs of one directory, bounded in time and output. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { errorMessage } from "../../ports/errors.ts";
import type { CredentialPrograms } from "../../ports/registry-credentials.ts";

const MAX_STDOUT_BYTES = 1024 * 1024;
/** As much of what it says of its trouble is told. */
const MAX_STDERR_BYTES = 2048;

export function createCredentialPrograms(directory: string): CredentialPrograms {
  return {
    run({ name, args, env, input, timeoutMs }, signal) {
      signal.throwIfAborted();
      return new Promise((resolve, reject) => {
        // A process group of its own, so that what it started is killed with it.
        const child = spawn(join(directory, name), args, {
          stdio: ["pipe", "pipe", "pipe"],
          env: { ...process.env, ...env },
          cwd: "/",
          detached: true,
        });
        const output: Buffer[] = [];
        const complaint: Buffer[] = [];
        let outputBytes = 0;
        let complaintBytes = 0;
        let killedBecause: string | undefined;
        const kill = (why: string) => {
          killedBecause ??= why;
          try {
            if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
          } catch {
            // It has ended.
          }
        };
        const timer = setTimeout(() => kill(`it did not end within ${timeoutMs / 1000} s`), timeoutMs);
        const abort = () => kill("nobody waits for it");
        signal.addEventListener("abort", abort, { once: true });
        child.stdout.on("data", (part: Buffer) => {
          outputBytes += part.length;
          if (outputBytes > MAX_STDOUT_BYTES) kill(`it wrote more than ${MAX_STDOUT_BYTES} bytes`);
          else output.push(part);
        });
        child.stderr.on("data", (part: Buffer) => {
          if (complaintBytes < MAX_STDERR_BYTES) complaint.push(part);
          complaintBytes += part.length;
        });
        // One that answers without reading its input is no failure.
        child.stdin.on("error", () => {});
        child.stdin.end(input);
        const end = (error: string | undefined) => {
          clearTimeout(timer);
          signal.removeEventListener("abort", abort);
          if (signal.aborted) reject(signal.reason);
          else if (error === undefined) resolve({ stdout: Buffer.concat(output).toString("utf8") });
          else resolve({ error });
        };
        child.on("error", (error) => end(`it could not be run: ${errorMessage(error)}`));
        child.on("close", (code, killedBy) => {
          const said = Buffer.concat(complaint).toString("utf8").slice(0, MAX_STDERR_BYTES).trim();
          const why = said === "" ? "" : `: ${said}`;
          if (killedBecause !== undefined) end(killedBecause + why);
          else if (code === 0) end(undefined);
          else end(`it ended with ${code === null ? killedBy : `exit code ${code}`}${why}`);
        });
      });
    },
  };
}
