import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nextCpuSample } from "./cpu-rate.ts";

const look = (monotonicMs: number, usageCoreNanoSeconds: number) => ({ monotonicMs, cpu: { usageCoreNanoSeconds } });

describe("CPU rate", () => {
  it("needs two looks", () => {
    const first = nextCpuSample(undefined, look(0, 5e9));
    assert.equal(first?.usageNanoCores, undefined);
    const second = nextCpuSample(first, look(2_000, 6e9));
    assert.equal(second?.usageNanoCores, 5e8, "half a core");
  });

  it("is not disturbed by somebody who looks again at once", () => {
    const first = nextCpuSample(undefined, look(0, 0));
    const second = nextCpuSample(first, look(10_000, 1e10));
    const third = nextCpuSample(second, look(10_001, 1e10));
    assert.equal(third?.usageNanoCores, 1e9);
    assert.equal(nextCpuSample(third, look(20_000, 1e10))?.usageNanoCores, 0);
  });

  it("begins anew where the counter went back, and after a long time", () => {
    const first = nextCpuSample(undefined, look(0, 5e9));
    assert.equal(nextCpuSample(first, look(5_000, 1e9))?.usageNanoCores, undefined);
    assert.equal(nextCpuSample(first, look(700_000, 6e9))?.usageNanoCores, undefined);
  });

  it("is unknown where the CPU was not read", () => {
    assert.equal(nextCpuSample(nextCpuSample(undefined, look(0, 1)), { monotonicMs: 5 }), undefined);
  });
});
