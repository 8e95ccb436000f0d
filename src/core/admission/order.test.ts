import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../api/types.ts";
import { inAdmissionOrder } from "./order.ts";

function pod(name: string, priority?: number, creationTimestamp?: string): Pod {
  return {
    metadata: { name, ...(creationTimestamp && { creationTimestamp }) },
    spec: { containers: [], ...(priority !== undefined && { priority }) },
  };
}

test("critical pods come first, then those of higher priority, then the older, else they stay as they came", () => {
  const pods = [
    pod("z"),
    pod("a"),
    pod("young", 5, "2026-01-02T00:00:00Z"),
    pod("old", 5, "2026-01-01T00:00:00Z"),
    pod("critical", 2_000_000_000),
    pod("high", 9),
  ];
  const names = inAdmissionOrder(pods).map(({ metadata }) => metadata?.name);
  assert.deepEqual(names, ["critical", "high", "old", "young", "z", "a"]);
});
