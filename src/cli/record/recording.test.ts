import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { RecordedRound } from "../../core/eviction/replay/record-scenario.ts";
import type { Scenario } from "../../core/eviction/replay/scenario.ts";
import { readScenarios } from "../simulate/read-scenarios.ts";
import { Recording, scenarioLine } from "./recording.ts";

const directory = mkdtempSync(join(tmpdir(), "tskubelet-record-"));
after(() => rmSync(directory, { recursive: true }));

const node = { kubeletConfiguration: { evictionHard: {} }, dedicatedImageFs: false };

function round(second: number): RecordedRound {
  return {
    nowMs: second * 1000,
    planKind: "nothing",
    pods: [{ metadata: { uid: "u", name: "shop", namespace: "d" } }],
  };
}

async function scenariosOf(path: string): Promise<readonly Scenario[]> {
  const scenarios: Scenario[] = [];
  for await (const scenario of readScenarios(path)) scenarios.push(scenario);
  return scenarios;
}

test("a recorder that is killed leaves a whole scenario with four fifths of its rounds or more", async () => {
  const path = join(directory, "rounds.ndjson");
  const recording = new Recording({ name: "x", path, masksNames: false });
  recording.setNode(node);
  for (let second = 0; second < 100; second += 1) {
    recording.add(round(second));
    const scenarios = await scenariosOf(path);
    const steps = scenarios[0]?.steps.length ?? 0;
    assert.ok(scenarios.length === 1 && steps >= (second + 1) * 0.8, `${steps} of ${second + 1}`);
  }
  recording.save();
  assert.equal((await scenariosOf(path))[0]?.steps.length, 100);
  assert.deepEqual(readdirSync(directory), ["rounds.ndjson"]);
});

test("names are masked in what is saved on the way, too", () => {
  const path = join(directory, "masked.ndjson");
  const recording = new Recording({ name: "x", path, masksNames: true });
  recording.setNode(node);
  recording.add(round(0));
  assert.doesNotMatch(readFileSync(path, "utf8"), /shop/);
});

test("nothing recorded is no scenario", () => {
  const recording = new Recording({ name: "x", masksNames: false });
  assert.equal(recording.scenario(), undefined);
  recording.setNode(node);
  assert.equal(recording.scenario(), undefined);
  recording.add(round(5));
  const scenario = recording.scenario();
  assert.ok(scenario);
  assert.equal(
    scenarioLine(scenario),
    '{"name":"x","kubeletConfiguration":{"evictionHard":{}},"dedicatedImageFs":false,"pods":[{"metadata":{"uid":"u","name":"shop","namespace":"d"}}],"steps":[{"at":"0s","activePods":["u"]}]}\n',
  );
});
