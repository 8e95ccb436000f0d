import assert from "node:assert/strict";
import { test } from "node:test";
import { Line } from "../line.ts";
import { VirtualTime } from "../time/virtual-time.ts";
import { SimProbes, simProber } from "./sim-prober.ts";

const LOOK = { kind: "tcpSocket", host: "10.0.0.1", port: 80, timeoutMs: 1_000 } as const;

test("all is well on the simulated network, unless a script says otherwise; its last outcome stays", async () => {
  const probes = new SimProbes();
  const prober = simProber(probes, new Line(new VirtualTime(0)));
  assert.deepEqual(await prober.probe(LOOK), { result: "Success", output: "" });
  probes.script(80, [
    { result: "Failure", output: "no" },
    { result: "Warning", output: "hm" },
  ]);
  const outcomes = [];
  for (let look = 0; look < 3; look += 1) outcomes.push(await prober.probe(LOOK));
  assert.deepEqual(
    outcomes.map((outcome) => "result" in outcome && outcome.result),
    ["Failure", "Warning", "Warning"],
  );
});

test("what goes wrong on the way is an outcome, too", async () => {
  const line = new Line(new VirtualTime(0), {
    onCall: () => true,
    fateOf: () => ({ requestMs: 0, answerMs: 0, fault: "fails", error: () => new Error("no route") }),
  });
  assert.deepEqual(await simProber(new SimProbes(), line).probe(LOOK), { result: "Failure", output: "no route" });
});
