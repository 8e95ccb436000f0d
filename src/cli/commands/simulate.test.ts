import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { ClientError } from "../client/client-error.ts";
import { runSimulate } from "./simulate.ts";

const MI = 1024 * 1024;
let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "simulate-"));
});
after(() => rm(directory, { recursive: true }));

function step(at: number, availableMi: number, uids: readonly string[]) {
  const time = new Date(Date.UTC(2024, 0, 1) + at * 1000).toISOString();
  const memory = { time, availableBytes: availableMi * MI, workingSetBytes: (1000 - availableMi) * MI };
  const pods = uids.map((uid) => ({
    podRef: { uid, name: uid, namespace: "d" },
    memory: { workingSetBytes: 100 * MI },
  }));
  return { at: `${at}s`, summary: { node: { memory }, pods }, activePods: uids };
}

/** Its only pod is evicted at 10 s; under less strict thresholds the shortage passes. */
const spike = {
  name: "spike",
  kubeletConfiguration: { evictionHard: { "memory.available": "200Mi" }, enforceNodeAllocatable: ["none"] },
  dedicatedImageFs: false,
  pods: [{ metadata: { uid: "a", name: "<web>", namespace: "d" }, spec: { containers: [] } }],
  steps: [step(0, 300, ["a"]), step(10, 150, ["a"]), step(20, 300, []), step(30, 800, [])],
};
const wrong = { ...spike, name: "wrong", kubeletConfiguration: { evictionHard: { x: "1" } } };

async function simulate(
  scenarios: readonly object[],
  flags: { config?: string; output?: "json" | "table" | "svg" } = {},
) {
  const file = join(directory, "scenarios.ndjson.gz");
  await writeFile(file, gzipSync(`${scenarios.map((one) => JSON.stringify(one)).join("\n")}\n`));
  const out: string[] = [];
  const err: string[] = [];
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    cwd: directory,
    now: () => 0,
  };
  const { config, output } = flags;
  const exitCode = await runSimulate({ name: "simulate", files: [file], flags: { config, output } }, terminal);
  return { out: out.join(""), err: err.join(""), exitCode };
}

async function otherConfig(memory: string): Promise<string> {
  const file = join(directory, "other.yaml");
  const head = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n";
  await writeFile(file, `${head}evictionHard: {memory.available: ${memory}}\nenforceNodeAllocatable: [none]\n`);
  return file;
}

test("one line for each scenario, with what each step came to", async () => {
  const { out, exitCode } = await simulate([spike, { ...spike, name: "again" }]);
  const lines = out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual([lines.map(({ name }) => name), exitCode], [["spike", "again"], 0]);
  assert.deepEqual(
    lines[0].result.map(({ evicted = [] }) => evicted.map(({ uid }: { uid: string }) => uid)),
    [[], ["a"], [], []],
  );
});

test("another configuration takes the place of the recorded one; json compares the two as well", async () => {
  const config = await otherConfig("100Mi");
  const plain = JSON.parse((await simulate([spike], { config })).out);
  assert.equal(plain.result[1].evicted, undefined);
  assert.deepEqual(Object.keys(plain), ["name", "result"]);
  const { comparison } = JSON.parse((await simulate([spike], { config, output: "json" })).out);
  assert.deepEqual([comparison.own.evictions[0].isFalse, comparison.other.evictions], [true, []]);
});

test("a table tells who dies under each, when, and whom in vain", async () => {
  const { out } = await simulate([spike, spike], { config: await otherConfig("100Mi"), output: "table" });
  const rows = out
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ {2,}/));
  assert.deepEqual(rows, [
    ["SCENARIO", "POLICY", "EVICTED", "FALSE", "DISK-PRESSURE", "MEMORY-PRESSURE", "PID-PRESSURE", "WHO"],
    ["spike", "recorded", "1", "1", "0s", "20s", "0s", "<web>@10s!"],
    ["spike", "other", "0", "0", "0s", "0s", "0s"],
    ["spike", "recorded", "1", "1", "0s", "20s", "0s", "<web>@10s!"],
    ["spike", "other", "0", "0", "0s", "0s", "0s"],
    ["TOTAL", "recorded", "2", "2", "0s", "40s", "0s"],
    ["TOTAL", "other", "0", "0", "0s", "0s", "0s"],
  ]);
});

test("a table of one policy shows every step", async () => {
  const { out } = await simulate([spike], { output: "table" });
  assert.match(out, /^SCENARIO +AT +CONDITIONS +THRESHOLD +RECLAIM +EVICTED\n/);
  assert.match(out, /\nspike +10s +MemoryPressure +memory\.available<200Mi +<web>\n/);
});

test("the picture has a panel for each scenario, and names are text in it", async () => {
  const { out } = await simulate([spike, spike], { config: await otherConfig("100Mi"), output: "svg" });
  assert.match(out, /^<svg xmlns=/);
  assert.equal(out.match(/class="title"/g)?.length, 2);
  assert.ok(out.includes("&lt;web&gt;") && !out.includes("<web>"));
  assert.equal(out.match(/<polyline/g)?.length, 4);
});

test("the picture numbers evictions, and says below who went when and under which configuration", async () => {
  const { out } = await simulate([spike], { config: await otherConfig("100Mi"), output: "svg" });
  const texts = [...out.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
  const listed = texts.filter((text) => /^\d+: /.test(text ?? ""));
  assert.ok(
    listed.some((text) => /^1: \d+ s, recorded: .*&lt;web&gt;$/.test(text ?? "")),
    listed.join("\n"),
  );
  for (const [index] of listed.entries()) assert.ok(texts.includes(String(index + 1)), `number ${index + 1} is drawn`);
  assert.ok(texts.includes("0 s") || texts.includes("10 s"), "times stand below");
});

test("a scenario that no kubelet would start with fails by itself, the others are run", async () => {
  const { out, err, exitCode } = await simulate([wrong, spike]);
  assert.deepEqual([exitCode, err], [1, "wrong: unsupported eviction signal x\n"]);
  assert.deepEqual(JSON.parse(out.split("\n")[0] ?? ""), { name: "wrong", error: "unsupported eviction signal x" });
  assert.equal(out.trimEnd().split("\n").length, 2);
});

test("a line that is no scenario is an error with its place", async () => {
  const steps = [{ at: "1s" }];
  for (const [line, text] of [
    [{ name: "x" }, /scenarios\.ndjson\.gz:2: no scenario: kubeletConfiguration is missing$/],
    [{ ...spike, steps }, /:2: no scenario: steps\[0\] needs at and activePods$/],
  ] as const) {
    await assert.rejects(simulate([spike, line]), (error) => error instanceof ClientError && text.test(error.message));
  }
});

test("a configuration with a threshold that cannot be read is refused before anything is run", async () => {
  const config = await otherConfig("lots");
  await assert.rejects(simulate([spike], { config }), /other\.yaml:3: quantities must match the regular expression/);
});
