import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HostError } from "../../ports/errors.ts";
import { createLog, type LogLevel, logLevelOfVerbosity } from "./create-log.ts";

function collect(format: "text" | "json", level: LogLevel = "debug") {
  const lines: string[] = [];
  const log = createLog({ level, format, write: (line) => lines.push(line), now: () => 1_700_000_000_123 });
  return { log, lines };
}

describe("createLog", () => {
  it("writes one text line with fields that a shell reader can split", () => {
    const { log, lines } = collect("text");
    log.info("Pod started", { pod: "default/web", took: 12.5, note: "two words", absent: undefined });
    assert.deepEqual(lines, [
      '2023-11-14T22:13:20.123Z INFO  Pod started pod=default/web took=12.5 note="two words"\n',
    ]);
  });

  it("writes one JSON object per line and keeps its own keys", () => {
    const { log, lines } = collect("json");
    log.with({ pod: "a" }).warn("slow\ncall", { level: "x", call: "RunPodSandbox" });
    assert.deepEqual(JSON.parse(lines[0] ?? ""), {
      time: "2023-11-14T22:13:20.123Z",
      level: "warn",
      msg: "slow call",
      pod: "a",
      "field.level": "x",
      call: "RunPodSandbox",
    });
  });

  it("leaves out what is below its level", () => {
    const { log, lines } = collect("text", "warn");
    log.debug("a");
    log.info("b");
    log.error("c");
    assert.equal(lines.length, 1);
    assert.deepEqual([0, 3, 4, 10].map(logLevelOfVerbosity), ["info", "info", "debug", "debug"]);
  });

  it("shows an expected error with code and cause, and a program fault with its stack", () => {
    const { log, lines } = collect("json");
    const cause = Object.assign(new Error("EBUSY: busy"), { code: "EBUSY" });
    log.error("failed", { problem: new HostError("Busy", "/x", "cannot remove", { cause }) });
    log.error("failed", { problem: new TypeError("x is undefined") });
    assert.deepEqual(JSON.parse(lines[0] ?? "").problem, {
      error: "cannot remove",
      type: "HostError",
      code: "Busy",
      cause: { error: "EBUSY: busy", code: "EBUSY" },
    });
    const fault = JSON.parse(lines[1] ?? "").problem;
    assert.equal(fault.type, "TypeError");
    assert.match(fault.stack, /^at .*create-log\.test/);
  });

  it("bounds text, lists, depth and cycles, and survives values that cannot be read", () => {
    const { log, lines } = collect("json");
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    const trap = {
      get value() {
        throw new Error("no");
      },
    };
    const self = new Error("self");
    self.cause = self;
    log.info("big", { text: "x".repeat(5000), list: Array(40).fill(1), cycle, trap, big: 10n, self });
    const line = lines[0] ?? "";
    assert.ok(line.length < 32_768, `${line.length}`);
    const fields = JSON.parse(line);
    assert.equal(fields.text.length < 2100, true);
    assert.equal(fields.list.at(-1), "... 8 more");
    assert.match(fields.trap, /cannot be shown/);
    assert.equal(fields.big, "10");
  });

  it("cuts a line that is too long as a whole", () => {
    for (const format of ["json", "text"] as const) {
      const { log, lines } = collect(format);
      log.info("big", { list: Array(32).fill("y".repeat(2000)), more: Array(32).fill('"'.repeat(2000)) });
      assert.ok((lines[0] ?? "").length < 70_000);
      assert.equal(lines[0]?.endsWith("\n"), true);
    }
  });
});
