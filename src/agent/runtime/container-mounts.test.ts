import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeFiles } from "../../../test/support/fakes-ports.ts";
import type { Container } from "../../core/api/types.ts";
import { ContainerMounts } from "./container-mounts.ts";

function prepare(
  container: Omit<Container, "name">,
  files = new FakeFiles(),
  podIps = ["10.0.0.9"],
  { rro = true, seLinux = false, volume = {} } = {},
) {
  return new ContainerMounts({ files, runtime: { recursiveReadOnlyMounts: rro } }, { seLinux }).prepare({
    pod: { metadata: { uid: "a", name: "web", namespace: "default" }, spec: { containers: [] } },
    container: { name: "main", ...container },
    attempt: 3,
    podIps,
    volumes: new Map([
      ["data", { path: "/volumes/data", ...volume }],
      ["model", { path: "", readOnly: true, isImage: true }],
    ]),
    volumeImages: new Map([["model", "sha256:model"]]),
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
    devices: [],
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

const readOnly = { name: "data", mountPath: "/data", readOnly: true } as const;

test("a volume that nobody writes to is read-only, whatever the mount says", async () => {
  const volumeMounts = [{ name: "data", mountPath: "/data" }];
  const result = await prepare({ volumeMounts }, new FakeFiles(), [], { volume: { readOnly: true } });
  assert.ok("mounts" in result);
  assert.equal(result.mounts[0]?.readonly, true);
});

test("recursive read-only is passed on where the runtime can do it", async () => {
  const modeOf = async (recursiveReadOnly: string, rro: boolean) => {
    const result = await prepare({ volumeMounts: [{ ...readOnly, recursiveReadOnly }] }, new FakeFiles(), [], { rro });
    return "error" in result ? result.error : result.mounts[0]?.recursiveReadOnly;
  };
  assert.deepEqual(
    [await modeOf("Enabled", true), await modeOf("IfPossible", true), await modeOf("Disabled", true)],
    [true, true, undefined],
  );
  assert.deepEqual(
    [await modeOf("IfPossible", false), await modeOf("Enabled", false)],
    [
      undefined,
      'failed to resolve recursive read-only mode: volume "data" requested recursive read-only mode, but it is not supported by the runtime',
    ],
  );
});

test("with SELinux what the agent has made gets the container's label, what is the machine's does not", async () => {
  const container = { terminationMessagePath: "/log", volumeMounts: [readOnly] };
  const labels = async (isRelabelable: boolean, seLinux: boolean) => {
    const result = await prepare(container, new FakeFiles(), undefined, { seLinux, volume: { isRelabelable } });
    return "error" in result ? [] : result.mounts.map(({ selinuxRelabel }) => selinuxRelabel);
  };
  assert.deepEqual(await labels(true, true), [true, true, true]);
  assert.deepEqual(await labels(false, true), [undefined, true, true]);
  assert.deepEqual(await labels(true, false), [undefined, undefined, undefined]);
});

test("block volumes are devices, and only they", async () => {
  const volumeDevices = [{ name: "data", devicePath: "/dev/xvda" }];
  const block = (volume: object) => prepare({ volumeDevices }, new FakeFiles(), [], { volume });
  const devices = [{ containerPath: "/dev/xvda", hostPath: "/volumes/data", permissions: "mrw" }];
  assert.deepEqual(await block({ isBlock: true }), { mounts: [], devices });
  const [device] = devices;
  assert.deepEqual(await block({ isBlock: true, readOnly: true }), {
    mounts: [],
    devices: [{ ...device, permissions: "r" }],
  });
  assert.deepEqual(await block({}), { error: 'cannot find volume "data" to pass into container "main"' });
});

test("a subPath that cannot be had names the mount", async () => {
  const files = new FakeFiles();
  files.subPath = () => Promise.reject(new Error("not within"));
  assert.deepEqual(await prepare({ volumeMounts: [{ name: "data", mountPath: "/a", subPath: "x" }] }, files), {
    error: 'failed to prepare subPath for volumeMount "data" of container "main": not within',
  });
});

test("an image is for the runtime to mount, read-only, whole or a directory of it", async () => {
  const files = new FakeFiles();
  const volumeMounts = [
    { name: "model", mountPath: "/model" },
    { name: "model", mountPath: "part", subPathExpr: "of-$(WHO)" },
  ];
  const result = await prepare({ volumeMounts }, files, []);
  assert.ok("mounts" in result);
  const image = { image: "sha256:model" };
  assert.deepEqual(result.mounts, [
    { containerPath: "/model", hostPath: "", readonly: true, image },
    { containerPath: "/part", hostPath: "", readonly: true, image, imageSubPath: "of-me" },
  ]);
  assert.deepEqual(files.holders, []);
});
