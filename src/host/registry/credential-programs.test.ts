import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createCredentialPrograms } from "./credential-programs.ts";

const directory = mkdtempSync(join(tmpdir(), "credential-programs-"));
after(() => rmSync(directory, { recursive: true }));
const programs = createCredentialPrograms(directory);
const { signal } = new AbortController();

/** Runs a shell script as a plugin. */
function run(script: string, { timeoutMs = 10_000, args = [] as readonly string[], stop = signal } = {}) {
  writeFileSync(join(directory, "plugin"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return programs.run({ name: "plugin", args, env: { EXTRA: "more" }, input: "question", timeoutMs }, stop);
}

test("a plugin gets its input, arguments and environment, and its output is the answer", async () => {
  const result = await run('printf "%s|%s|%s|%s" "$(cat)" "$1" "$EXTRA" "$(test -n "$PATH" && echo path)"', {
    args: ["get"],
  });
  assert.deepEqual(result, { stdout: "question|get|more|path" });
});

test("one that fails is told with what it said of it, not with what it wrote", async () => {
  const result = await run("echo secret; echo 'no such profile' >&2; exit 3");
  assert.deepEqual(result, { error: "it ended with exit code 3: no such profile" });
});

test("one that is not there or writes without end fails, too", async () => {
  const missing = await programs.run({ name: "none", args: [], env: {}, input: "", timeoutMs: 1_000 }, signal);
  assert.match("error" in missing ? missing.error : "", /^it could not be run: .*ENOENT/);
  assert.deepEqual(await run("exec cat /dev/zero"), { error: "it wrote more than 1048576 bytes" });
});

test("one that takes too long is killed, with what it started", async () => {
  assert.deepEqual(await run("sleep 1000 & sleep 1000", { timeoutMs: 100 }), { error: "it did not end within 0.1 s" });
});

test("one that nobody waits for any more is killed", async () => {
  const stop = new AbortController();
  const result = run("sleep 1000", { stop: stop.signal });
  stop.abort();
  await assert.rejects(result, { name: "AbortError" });
});
