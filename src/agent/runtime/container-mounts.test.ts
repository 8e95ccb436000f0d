import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeFiles } from "../../../test/support/fakes-ports.ts";
import type { Container } from "../../core/api/types.ts";
import { ContainerMounts } from "./container-mounts.ts";

function prepare(container: Omit<Container, "name">, files = new FakeFiles(), podIps = ["10.0.0.9"]) {
  return new ContainerMounts(files).prepare({
    pod: { metadata: { uid: "a", name: "web", namespace: "default" }, spec: { containers: [] } },
    container: { name: "main", ...container },
    attempt: 3,
    podIps,
    volumes: new Map([["data", { path: "/volumes/data" }]]),
    environment: [{ name: "WHO", value: "me" }],
    clusterDomain: "cluster.local",
  });
}

test("volume, hosts file and termination log, in the kubelet's order", async () => {
  const result = await prepare({
    terminationMessagePath: "/dev/termination-log",
    volumeMounts: [{ name: "data", mountPath: "/data", readOnly: true, mountPropagation: "HostToContainer" }],
  });
  assert.deepEqual(result, {
    mounts: [
      {
        containerPath: "/data",
        hostPath: "/volumes/data",
        readonly: true,
        propagation: "PROPAGATION_HOST_TO_CONTAINER",
      },
      { containerPath: "/etc/hosts", hostPath: "/pods/a/etc-hosts" },
      { containerPath: "/dev/termination-log", hostPath: "/pods/a/containers/main/3" },
    ],
  });
});

test("a subPath is held in its place for the container, so that nobody moves it away before the runtime mounts it", async () => {
  const files = new FakeFiles();
  const volumeMounts = [
    { name: "data", mountPath: "/a" },
    { name: "data", mountPath: "/b", subPath: "sub" },
    { name: "data", mountPath: "/c", subPathExpr: "of-$(WHO)" },
  ];
  const result = await prepare({ volumeMounts }, files, []);
  assert.ok("mounts" in result);
  assert.deepEqual(
    result.mounts.map(({ hostPath }) => hostPath),
    ["/volumes/data", "/volumes/data/sub", "/volumes/data/of-me"],
  );
  assert.deepEqual(files.holders, [
    { uid: "a", volume: "data", container: "main", index: 1 },
    { uid: "a", volume: "data", container: "main", index: 2 },
  ]);
});

test("a volume that is not there is an error, not a container without it", async () => {
  assert.deepEqual(await prepare({ volumeMounts: [{ name: "none", mountPath: "/a" }] }), {
    error: 'cannot find volume "none" to mount into container "main"',
  });
});
