import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeNode, podOf } from "../../../test/support/fakes-agent.ts";
import { FakeStore } from "../../../test/support/fakes-ports.ts";
import type { RuntimeHandler } from "../../core/cri/types.ts";
import { UserNamespaces } from "./user-namespaces.ts";

const ABLE: readonly RuntimeHandler[] = [
  { name: "", features: { recursiveReadOnlyMounts: false, userNamespaces: true } },
  { name: "old" },
];

function create(store = new FakeStore(), idsPerPod = 65_536): UserNamespaces {
  const status = { conditions: [], runtimeHandlers: ABLE, supplementalGroupsPolicy: false };
  return new UserNamespaces({ store, health: { status } }, { idsPerPod });
}

function firstId(namespaces: UserNamespaces, name: string): number | undefined {
  const outcome = namespaces.forPod(podOf(name, { hostUsers: false }), "");
  assert.ok("userNamespace" in outcome, JSON.stringify(outcome));
  assert.equal(outcome.userNamespace.mode, "POD");
  assert.deepEqual(outcome.userNamespace.uids, outcome.userNamespace.gids);
  return outcome.userNamespace.uids[0]?.hostId;
}

test("each pod gets a range of its own, never the machine's users, and keeps it", () => {
  const namespaces = create();
  assert.deepEqual(
    [firstId(namespaces, "a"), firstId(namespaces, "b"), firstId(namespaces, "a")],
    [65_536, 131_072, 65_536],
  );
});

test("ranges are known to the next agent, and given back with the pod", () => {
  const store = new FakeStore();
  firstId(create(store), "a");
  const next = create(store);
  assert.equal(firstId(next, "b"), 131_072);
  const untold = new UserNamespaces({ store, health: { status: undefined } }, { idsPerPod: 65_536 });
  assert.equal(firstId(untold, "a"), 65_536);
  assert.ok("error" in untold.forPod(podOf("new", { hostUsers: false }), ""));
  next.forget(podOf("a", { hostUsers: false }).metadata?.uid ?? "");
  assert.equal(firstId(create(store), "c"), 65_536);
});

test("ranges of another length do not overlap those that were given out before", () => {
  const store = new FakeStore();
  const before = create(store);
  for (const name of ["a", "b"]) firstId(before, name);
  assert.equal(firstId(create(store, 131_072), "c"), 262_144);
});

test("a pod with the machine's users needs nothing; a runtime that cannot is told by name", () => {
  const namespaces = create();
  assert.deepEqual(namespaces.forPod(podOf("a"), "old"), {});
  assert.deepEqual(namespaces.forPod(podOf("a", { hostUsers: true }), ""), {});
  assert.deepEqual(namespaces.forPod(podOf("a", { hostUsers: false }), "old"), {
    error: 'can\'t set `spec.hostUsers: false`, RuntimeClass handler "old" does not support user namespaces',
  });
});

test("sandbox, container and mounts get the mapping", async () => {
  const node = new FakeNode();
  node.runtime.handlers = ABLE;
  await node.start();
  node.source.showPods(podOf("own", { hostUsers: false }));
  await node.clock.pass(2_000);
  const mapping = { hostId: 65_536, containerId: 0, length: 65_536 };
  const config = node.runtime.sandboxConfigs[0];
  assert.deepEqual(config?.linux?.securityContext?.namespaceOptions?.usernsOptions?.uids, [mapping]);
  const container = node.runtime.containerConfigs[0];
  assert.deepEqual(container?.linux?.securityContext?.namespaceOptions?.usernsOptions?.gids, [mapping]);
  assert.ok((container?.mounts ?? []).length > 0);
  for (const mount of container?.mounts ?? [])
    assert.deepEqual([mount.uidMappings, mount.gidMappings], [[mapping], [mapping]]);
});

test("without user namespaces in the runtime the pod waits and says why", async () => {
  const node = new FakeNode();
  await node.start();
  node.source.showPods(podOf("own", { hostUsers: false }));
  await node.clock.pass(2_000);
  const text = "can't set `spec.hostUsers: false`, runtime does not support user namespaces";
  assert.ok(
    node.events().includes(`FailedCreatePodSandBox: Failed to create pod sandbox: ${text}`),
    node.events().join("\n"),
  );
  assert.equal(node.runtime.sandboxes.size, 0);
});
