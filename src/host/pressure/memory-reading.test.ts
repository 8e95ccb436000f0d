import assert from "node:assert/strict";
import { test } from "node:test";
import { meminfoBytes, memoryReading, plainNumber, statValue } from "./memory-reading.ts";

const meminfo =
  "MemTotal:       24684096 kB\nMemFree:        22891196 kB\nInactive:           1000 kB\nInactive(file):   439024 kB\n";
const stat = "cache 5\ninactive_file 7\ntotal_cache 50\ntotal_inactive_file 70\n";

test("figures of /proc/meminfo are bytes", () => {
  assert.equal(meminfoBytes(meminfo, "MemTotal"), 24_684_096 * 1024);
  assert.equal(meminfoBytes(meminfo, "Inactive(file)"), 439_024 * 1024);
  assert.equal(meminfoBytes(meminfo, "Inactive"), 1_000 * 1024);
});

test("a field is found by its whole name", () => {
  assert.equal(statValue(stat, "inactive_file"), 7);
  assert.equal(statValue(stat, "total_inactive_file"), 70);
  assert.equal(statValue("inactive_file 9", "inactive_file"), 9);
});

test("what is missing or no number is no figure", () => {
  assert.equal(meminfoBytes(meminfo, "MemAvailable"), undefined);
  assert.equal(meminfoBytes(undefined, "MemTotal"), undefined);
  assert.equal(meminfoBytes("MemTotal: many kB\n", "MemTotal"), undefined);
  assert.equal(statValue(stat, "active_file"), undefined);
  assert.equal(statValue("inactive_file x\n", "inactive_file"), undefined);
  for (const text of [undefined, "", "max", "-1", "1 2"]) assert.equal(plainNumber(text), undefined);
  assert.equal(memoryReading(undefined, 1), undefined);
  assert.equal(memoryReading(1, undefined), undefined);
  assert.deepEqual(memoryReading(2, 1), { usageBytes: 2, inactiveFileBytes: 1 });
});
