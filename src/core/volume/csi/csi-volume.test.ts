import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CsiDriver, PersistentVolume, Pod } from "../../api/types.ts";
import { globalMount, inlineVolumeHandle, uniqueVolumeName } from "./csi-paths.ts";
import {
  appliesGroup,
  csiCapability,
  inlineCsiVolume,
  lifecycleProblem,
  persistentCsiVolume,
  volumeContext,
} from "./csi-volume.ts";
import { parseVolumeData, volumeDataFields } from "./volume-data.ts";

const POD: Pod = {
  metadata: { name: "web", namespace: "shop", uid: "u1" },
  spec: { containers: [], serviceAccountName: "clerk" },
};

function volume(spec: PersistentVolume["spec"] = {}, csi: object = {}, readOnly = false) {
  const source = { driver: "d.example.com", volumeHandle: "v1", fsType: "ext4", ...csi };
  const object = { metadata: { name: "pv1" }, spec: { accessModes: ["ReadWriteOnce"], ...spec, csi: source } };
  return persistentCsiVolume(object, readOnly) ?? assert.fail("no CSI volume");
}

function driver(spec: CsiDriver["spec"]): CsiDriver {
  return { metadata: { name: "d.example.com" }, spec };
}

const inline = inlineCsiVolume(POD, {
  name: "scratch",
  csi: { driver: "d.example.com", readOnly: true, nodePublishSecretRef: { name: "s" }, volumeAttributes: { a: "b" } },
});
assert.ok(inline);

describe("CSI volumes", () => {
  it("lie where the kubelet has them", () => {
    assert.equal(
      globalMount("/var/lib/kubelet", "d.example.com", "v1"),
      "/var/lib/kubelet/plugins/kubernetes.io/csi/d.example.com/3bfc269594ef649228e9a74bab00f042efc91d5acc6fbee31a382e80d42388fe/globalmount",
    );
    assert.equal(inline.volumeHandle, inlineVolumeHandle("u1", "scratch"));
    assert.match(inline.volumeHandle, /^csi-[0-9a-f]{64}$/);
    assert.equal(uniqueVolumeName("d.example.com", "v1"), "kubernetes.io/csi/d.example.com^v1");
  });

  it("ask for the access that the volume allows, finer where the driver knows finer ones", () => {
    const none = new Set<never>();
    const finer = new Set(["SINGLE_NODE_MULTI_WRITER"] as const);
    const modes = ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"].map((mode) => {
      const asked = volume({ accessModes: [mode] });
      return [csiCapability(asked, none, undefined).accessMode, csiCapability(asked, finer, undefined).accessMode];
    });
    assert.deepEqual(modes, [
      ["SINGLE_NODE_WRITER", "SINGLE_NODE_MULTI_WRITER"],
      ["MULTI_NODE_READER_ONLY", "MULTI_NODE_READER_ONLY"],
      ["MULTI_NODE_MULTI_WRITER", "MULTI_NODE_MULTI_WRITER"],
      ["SINGLE_NODE_WRITER", "SINGLE_NODE_SINGLE_WRITER"],
    ]);
    assert.deepEqual(csiCapability(volume({ volumeMode: "Block" }), none, 7), {
      block: {},
      accessMode: "SINGLE_NODE_WRITER",
    });
  });

  it("leave the group to a driver that can set it, and else set it as the driver's policy says", () => {
    const able = new Set(["VOLUME_MOUNT_GROUP"] as const);
    assert.equal(csiCapability(volume(), able, 2000).mount?.volumeMountGroup, "2000");
    assert.equal(csiCapability(volume(), new Set(), 2000).mount?.volumeMountGroup, "");
    assert.equal(appliesGroup(volume(), undefined, true), false);
    const cases: readonly [ReturnType<typeof volume>, CsiDriver | undefined, boolean][] = [
      [volume(), undefined, true],
      [volume({}, { fsType: "" }), undefined, false],
      [volume({ accessModes: ["ReadWriteMany"] }), undefined, false],
      [volume({ accessModes: ["ReadWriteMany"] }), driver({ fsGroupPolicy: "File" }), true],
      [volume(), driver({ fsGroupPolicy: "None" }), false],
      [volume({ volumeMode: "Block" }), driver({ fsGroupPolicy: "File" }), false],
    ];
    for (const [asked, object, expected] of cases) assert.equal(appliesGroup(asked, object, false), expected);
  });

  it("tell the driver of the pod only when it asks for that", () => {
    assert.deepEqual(volumeContext(inline, POD, driver({})), { a: "b" });
    assert.deepEqual(volumeContext(inline, POD, driver({ podInfoOnMount: true })), {
      a: "b",
      "csi.storage.k8s.io/pod.name": "web",
      "csi.storage.k8s.io/pod.namespace": "shop",
      "csi.storage.k8s.io/pod.uid": "u1",
      "csi.storage.k8s.io/serviceAccount.name": "clerk",
      "csi.storage.k8s.io/ephemeral": "true",
    });
  });

  it("are inline only for drivers whose object says so", () => {
    assert.equal(lifecycleProblem(volume(), undefined), undefined);
    assert.equal(
      lifecycleProblem(inline, undefined),
      'volume mode "Ephemeral" not supported by driver d.example.com (no CSIDriver object)',
    );
    assert.equal(lifecycleProblem(inline, driver({ volumeLifecycleModes: ["Ephemeral"] })), undefined);
    assert.equal(
      lifecycleProblem(volume(), driver({ volumeLifecycleModes: ["Ephemeral"] })),
      'volume mode "Persistent" not supported by driver d.example.com (only supports ["Ephemeral"])',
    );
  });

  it("are read-only when the pod or the volume says so", () => {
    const all = [volume(), volume({}, {}, true), volume({}, { readOnly: true }), inline];
    assert.deepEqual(
      all.map(({ readOnly }) => readOnly),
      [false, true, true, true],
    );
  });

  it("are known again by their record, and not by a broken one", () => {
    assert.deepEqual(parseVolumeData(volumeDataFields(volume(), "node-1")), {
      driver: "d.example.com",
      volumeHandle: "v1",
      name: "pv1",
      lifecycle: "Persistent",
    });
    for (const broken of [null, "x", {}, { driverName: "d" }, { driverName: 1, volumeHandle: "v" }]) {
      assert.equal(parseVolumeData(broken), undefined);
    }
  });
});
