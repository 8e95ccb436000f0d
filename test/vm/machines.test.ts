/** The guest tests as a part of all tests: each machine boots once, its own report is shown where something failed. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const guestFiles = readdirSync(join(import.meta.dirname, "guest")).filter((name) => name.endsWith(".test.ts"));

async function bootAndTest(init: "--plain" | "--systemd"): Promise<string> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "run.ts"), init], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const [exitCode] = await once(child, "close");
  assert.equal(exitCode, 0, output.slice(-20_000));
  return output;
}

function passedIn(output: string): number {
  return Number(/^ℹ pass (\d+)$/m.exec(output)?.[1] ?? 0);
}

// Only x86-64 is emulated, and the machine runs the programs of this one.
if (process.arch === "x64") {
  test("the agent and its parts hold on cgroup v2 and PSI, with every capability", async (context) => {
    assert.ok(guestFiles.some((name) => !name.endsWith(".systemd.test.ts")));
    const passed = passedIn(await bootAndTest("--plain"));
    assert.ok(passed > 0);
    context.diagnostic(`${passed} tests passed in the plain machine`);
  });

  test("the agent and its parts hold below systemd, as a service with its cgroup driver", async (context) => {
    assert.ok(guestFiles.some((name) => name.endsWith(".systemd.test.ts")));
    const passed = passedIn(await bootAndTest("--systemd"));
    assert.ok(passed > 0);
    context.diagnostic(`${passed} tests passed in the systemd machine`);
  });
}
