import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod, ResourceList } from "../api/types.ts";
import { hugePageMediumBytes, memoryVolumeBytes } from "./empty-dir.ts";

function podWith(...limits: readonly ResourceList[]): Pod {
  const containers = limits.map((each, index) => ({ name: `c${index}`, resources: { limits: each, requests: each } }));
  return { spec: { containers } };
}

const MiB = 1024 ** 2;
const NODE = { memory: "100Mi" };

test("a tmpfs is as large as the volume says, within the pod's limit, within the node", () => {
  const limited = podWith({ memory: "10Mi", cpu: "1" }, { memory: "20Mi", cpu: "1" });
  const open = podWith({ memory: "10Mi", cpu: "1" }, {});
  assert.equal(memoryVolumeBytes("5Mi", limited, NODE), 5 * MiB);
  assert.equal(memoryVolumeBytes("50Mi", limited, NODE), 30 * MiB);
  assert.equal(memoryVolumeBytes(undefined, limited, NODE), 30 * MiB);
  assert.equal(memoryVolumeBytes("50Mi", open, NODE), 50 * MiB);
  assert.equal(memoryVolumeBytes("0", open, NODE), 100 * MiB);
  assert.equal(memoryVolumeBytes(undefined, open, {}), undefined);
});

test("huge pages are of the size that containers ask for, and of one size alone unless the medium names it", () => {
  const one = podWith({ "hugepages-2Mi": "4Mi" });
  const two = podWith({ "hugepages-2Mi": "4Mi" }, { "hugepages-1Gi": "1Gi" });
  assert.deepEqual(hugePageMediumBytes("HugePages", one), { pageBytes: 2 * MiB });
  assert.deepEqual(hugePageMediumBytes("HugePages-1Gi", two), { pageBytes: 1024 * MiB });
  assert.deepEqual(hugePageMediumBytes("HugePages", two), {
    error: "medium: HugePages can't be used if container requests multiple huge page sizes",
  });
  for (const [medium, pod] of [
    ["HugePages-1Gi", one],
    ["HugePages", podWith({})],
  ] as const) {
    assert.deepEqual(hugePageMediumBytes(medium, pod), {
      error: `medium ${medium}: hugePages storage requested, but there is no resource request for huge pages`,
    });
  }
});
