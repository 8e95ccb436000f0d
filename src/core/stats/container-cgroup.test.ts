import assert from "node:assert/strict";
import { test } from "node:test";
import { containerCgroup } from "./container-cgroup.ts";

const id = "9be25294016e2dc0340dd605ce1f57b492039b267a6a618a7ad2a7a58a740f32";
const other = "aaefb9d8feed2d453b543f6d928cede7a4dbefa6a0ae7c9b990dd234c56e93b9";

test("a container's cgroup is found by its id, whatever runtime and driver made it", () => {
  for (const name of [id, `cri-containerd-${id}.scope`, `crio-${id}`, `crio-${id}.scope`]) {
    assert.equal(containerCgroup([other, `cri-containerd-${other}.scope`, name], id), name);
  }
  assert.equal(containerCgroup([other, `${id}x`, `x${id}`], id), undefined);
  assert.equal(containerCgroup([], id), undefined);
});
