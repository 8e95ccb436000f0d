import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readObjects } from "../pods/read-objects.ts";
import { nodeOf } from "./manifest-node.ts";

const ORIGIN = { kind: "manifests", path: "/m/data.yaml", nodeName: "node-1" } as const;
const AFFINITY = {
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "Exists" }] }] },
};

function read(value: object) {
  return readObjects([nodeOf(value) ?? assert.fail("not a manifest value")], ORIGIN);
}

function problems(value: object): readonly string[] {
  return read(value).problems.map(({ message }) => message);
}

function volume(spec: object, metadata: object = { name: "v" }): object {
  const usual = { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"] };
  return { apiVersion: "v1", kind: "PersistentVolume", metadata, spec: { ...usual, ...spec } };
}

function claim(spec: object): object {
  return { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "c" }, spec };
}

describe("objects of storage", () => {
  it("are read with their defaults, claims in a namespace and the others in none", () => {
    const [object] = read(volume({ hostPath: { path: "/srv" } })).objects;
    assert.ok(object?.kind === "PersistentVolume");
    assert.deepEqual(
      [
        object.object.spec?.persistentVolumeReclaimPolicy,
        object.object.spec?.volumeMode,
        object.object.metadata?.namespace,
      ],
      ["Retain", "Filesystem", undefined],
    );
    const request = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    const [written] = read(claim(request)).objects;
    assert.equal(written?.object.metadata?.namespace, "default");
    const driver = {
      apiVersion: "storage.k8s.io/v1",
      kind: "CSIDriver",
      metadata: { name: "d.example.com" },
      spec: {},
    };
    const [made] = read(driver).objects;
    assert.ok(made?.kind === "CSIDriver");
    assert.deepEqual(made.object.spec, {
      attachRequired: true,
      podInfoOnMount: false,
      storageCapacity: false,
      fsGroupPolicy: "ReadWriteOnceWithFSType",
      volumeLifecycleModes: ["Persistent"],
      requiresRepublish: false,
    });
  });

  it("are refused in Kubernetes' words", () => {
    const hostPath = { path: "/srv" };
    const cases: readonly [object, readonly string[]][] = [
      [volume({}), ["spec: Required value: must specify a volume type"]],
      [
        volume({ hostPath, nfs: { server: "s", path: "/p" } }),
        ["spec.nfs: Forbidden: may not specify more than 1 volume type"],
      ],
      [
        volume({ local: { path: "/mnt/disk" } }),
        ["spec.nodeAffinity: Required value: Local volume requires node affinity"],
      ],
      [
        volume({ local: { path: "/a/../b" }, nodeAffinity: AFFINITY }),
        [`spec.local.path: Invalid value: "/a/../b": must not contain '..'`],
      ],
      [
        volume({ hostPath, accessModes: ["ReadSometimes"] }),
        [
          'spec.accessModes: Unsupported value: "ReadSometimes": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce"',
        ],
      ],
      [
        volume({ hostPath, capacity: { storage: "0" } }),
        ['spec.capacity[storage]: Invalid value: "0": must be greater than zero'],
      ],
      [
        volume({ csi: { driver: "d.example.com", volumeHandle: "", nodeStageSecretRef: { name: "s" } } }),
        ["spec.csi.volumeHandle: Required value", "spec.csi.nodeStageSecretRef.namespace: Required value"],
      ],
      [
        volume({ hostPath }, { name: "v", namespace: "x" }),
        ["metadata.namespace: Forbidden: not allowed on this type"],
      ],
      [
        volume({ hostPath: { path: "//" }, persistentVolumeReclaimPolicy: "Recycle" }),
        ["spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"],
      ],
      [
        claim({}),
        [
          "spec.accessModes: Required value: at least 1 access mode is required",
          "spec.resources[storage]: Required value",
        ],
      ],
      [
        { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name: "s" }, reclaimPolicy: "Burn" },
        [
          "provisioner: Required value",
          'reclaimPolicy: Unsupported value: "Burn": supported values: "Delete", "Retain"',
        ],
      ],
      [
        {
          apiVersion: "storage.k8s.io/v1",
          kind: "CSIDriver",
          metadata: { name: "d.example.com" },
          spec: { fsGroupPolicy: "Maybe" },
        },
        ['spec.fsGroupPolicy: Unsupported value: "Maybe": supported values: "File", "None", "ReadWriteOnceWithFSType"'],
      ],
    ];
    for (const [value, expected] of cases) assert.deepEqual(problems(value), expected);
  });

  it("are named without a namespace where they have none", () => {
    const { problems: found } = read(volume({}, { name: "v" }));
    assert.equal(found[0]?.subject, "PersistentVolume v");
    const misspelt = { ...volume({ hostPath: { path: "/srv" } }), sepc: {} };
    assert.equal(read(misspelt).problems[0]?.subject, "PersistentVolume v");
  });

  it("come in lists, and under their own API versions only", () => {
    const list = { apiVersion: "v1", kind: "PersistentVolumeList", items: [volume({ hostPath: { path: "/a" } })] };
    assert.equal(read(list).objects.length, 1);
    assert.match(
      problems({ apiVersion: "v1", kind: "StorageClass", metadata: { name: "s" }, provisioner: "x" })[0] ?? "",
      /^v1 StorageClass is not handled here/,
    );
  });
});
