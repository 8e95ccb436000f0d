import assert from "node:assert/strict";
import { test } from "node:test";
import { evictionRecord } from "../../../test/support/eviction-record.ts";
import { FakeClock, settle } from "../../../test/support/fakes-clock.ts";
import type { PressureNow } from "../../agent/eviction/eviction-manager.ts";
import type { ExplainedAgent } from "./pressure-routes.ts";
import { publicPressure } from "./public-pressure.ts";

const RECORD = evictionRecord({ lastLogLines: { main: "password=1234" } });

function world() {
  const clock = new FakeClock();
  const measurements: PromiseWithResolvers<PressureNow>[] = [];
  const agent: ExplainedAgent = {
    pods: () => [],
    pod: () => undefined,
    pressureConditions: () => [],
    explainPressure: () => {
      const measurement = Promise.withResolvers<PressureNow>();
      measurements.push(measurement);
      return measurement.promise;
    },
    evictionRecords: () => [RECORD],
  };
  return { clock, measurements, shown: publicPressure(agent, clock) };
}

test("what a victim logged is nobody's business, everything else of its record is told", () => {
  assert.deepEqual(world().shown.evictionRecords(), [{ ...RECORD, lastLogLines: {} }]);
});

test("requests within a second share one measurement, also one that takes longer than that", async () => {
  const { clock, measurements, shown } = world();
  const first = [shown.explainPressure(), shown.explainPressure()];
  await clock.pass(5_000);
  first.push(shown.explainPressure());
  assert.equal(measurements.length, 1);
  measurements[0]?.resolve({ atMs: 1 });
  assert.deepEqual(await Promise.all(first), [{ atMs: 1 }, { atMs: 1 }, { atMs: 1 }]);
  await clock.pass(999);
  assert.deepEqual(await shown.explainPressure(), { atMs: 1 });
  await clock.pass(1);
  const second = shown.explainPressure();
  measurements[1]?.resolve({ atMs: 2 });
  assert.deepEqual([await second, measurements.length], [{ atMs: 2 }, 2]);
});

test("a measurement that fails is tried again, but not more often", async () => {
  const { clock, measurements, shown } = world();
  const failed = shown.explainPressure();
  measurements[0]?.reject(new Error("no figures"));
  await assert.rejects(failed, /no figures/);
  await settle();
  await assert.rejects(shown.explainPressure(), /no figures/);
  await clock.pass(1_000);
  void shown.explainPressure();
  assert.equal(measurements.length, 2);
});
