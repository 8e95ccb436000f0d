import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { replayScenario, type Scenario } from "../../core/eviction/index.ts";
import { agentSocketPath } from "../agent-socket.ts";
import type { Terminal } from "../terminal.ts";
import { runRecord } from "./record.ts";

const directory = mkdtempSync(join(tmpdir(), "tskubelet-record-"));
const node = { kubeletConfiguration: { evictionHard: {} }, dedicatedImageFs: false };
const round = (second: number) => ({ nowMs: second * 1000, planKind: "nothing", pods: [{ metadata: { uid: "u" } }] });

function terminal(): Terminal & { readonly said: string[]; readonly told: string[] } {
  const [said, told]: [string[], string[]] = [[], []];
  return { out: (text) => said.push(text), err: (text) => told.push(text), cwd: directory, now: () => 0, said, told };
}

describe("record", () => {
  let answer: (response: ServerResponse) => void = () => {};
  const server = createServer((_request, response) => answer(response));
  const lines = (response: ServerResponse, ...values: readonly object[]) => {
    for (const value of values) response.write(`${JSON.stringify(value)}\n`);
  };
  const record = (io: Terminal, file: string | undefined, flags: { readonly steps?: number } = {}) =>
    runRecord({ name: "record", file, flags: { rootDir: directory, ...flags } } as Parameters<typeof runRecord>[0], io);
  before(async () => {
    const path = agentSocketPath(directory);
    mkdirSync(dirname(path), { recursive: true });
    await new Promise<void>((resolve) => server.listen(path, resolve));
  });
  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });

  it("ends with as many steps as are wanted, in a file that replays", async () => {
    answer = (response) => lines(response, { node }, ...[0, 10, 20, 30].map((second) => ({ round: round(second) })));
    const io = terminal();
    assert.equal(await record(io, "three.ndjson", { steps: 3 }), 0);
    assert.equal(io.told.at(-1), "3 steps with 1 pods recorded in three.ndjson\n");
    const scenario: Scenario = JSON.parse(readFileSync(join(directory, "three.ndjson"), "utf8"));
    const replay = replayScenario(scenario);
    assert.ok(!("error" in replay));
    assert.deepEqual(
      replay.steps.map(({ atMs }) => atMs),
      [0, 10_000, 20_000],
    );
  });

  it("keeps what came until the agent broke off, on standard output without a file", async () => {
    answer = (response) => {
      response.write(`${JSON.stringify({ node })}\n${JSON.stringify({ round: round(0) })}\n`, () => response.destroy());
    };
    const io = terminal();
    assert.equal(await record(io, undefined), 0);
    assert.deepEqual(
      io.said.map((text) => JSON.parse(text).steps.length),
      [1],
    );
  });

  it("says so where nothing came, and where nothing is wanted", async () => {
    answer = (response) => response.end();
    await assert.rejects(record(terminal(), "none.ndjson"), /nothing was recorded: the agent looks every 10 s/);
    await assert.rejects(record(terminal(), "none.ndjson", { steps: 0 }), /--steps must be at least 1/);
  });
});
