import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { RecordStore } from "../../ports/record-store.ts";
import { PatientStore } from "./patient-store.ts";

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => quiet };

function world() {
  const rows = new Map<string, unknown>();
  const disk = { full: false };
  const refuse = () => {
    if (disk.full) throw new Error("no space left on device");
  };
  const store: RecordStore = {
    get: (table, key) => rows.get(`${table}/${key}`),
    put: (table, key, value) => {
      refuse();
      rows.set(`${table}/${key}`, value);
    },
    delete: (table, key) => {
      refuse();
      rows.delete(`${table}/${key}`);
    },
    list: (table) =>
      [...rows].filter(([id]) => id.startsWith(`${table}/`)).map(([id, value]) => ({ key: id.slice(2), value })),
  };
  const timers = new Set<() => void>();
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: async () => true,
    after: (_ms, run) => {
      timers.add(run);
      return () => void timers.delete(run);
    },
  };
  const fire = () => {
    for (const run of [...timers]) {
      timers.delete(run);
      run();
    }
  };
  return { rows, disk, fire, timers, patient: new PatientStore({ clock, log: quiet, store }) };
}

test("what a full disk refused is told from memory and written once there is room", () => {
  const { rows, disk, fire, patient } = world();
  patient.put("t", "old", 1);
  disk.full = true;
  patient.put("t", "new", 2);
  patient.delete("t", "old");
  assert.equal(patient.get("t", "new"), 2);
  assert.equal(patient.get("t", "old"), undefined);
  assert.deepEqual(patient.list("t"), [{ key: "new", value: 2 }]);
  fire();
  assert.deepEqual([...rows], [["t/old", 1]]);
  disk.full = false;
  fire();
  assert.deepEqual([...rows], [["t/new", 2]]);
});

test("a later write of the same record replaces the one that waits", () => {
  const { rows, disk, fire, patient } = world();
  disk.full = true;
  patient.put("t", "k", 1);
  disk.full = false;
  patient.put("t", "k", 2);
  fire();
  assert.deepEqual([...rows], [["t/k", 2]]);
});

test("the end of the agent is a last try, and leaves no timer", async () => {
  const { rows, disk, timers, patient } = world();
  disk.full = true;
  patient.put("t", "k", 1);
  disk.full = false;
  await patient.stop();
  assert.deepEqual([...rows], [["t/k", 1]]);
  assert.equal(timers.size, 0);
});
