import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from "../../api/types.ts";
import { groupStorageObjects, type StorageObject } from "../storage-object.ts";
import { type BindInput, type BindResult, bindClaims, DIRECTORY_PROVISIONER } from "./bind-claims.ts";
import { claimsWithStatus, volumesWithStatus } from "./claim-status.ts";
import { podClaims } from "./pod-claims.ts";
import { resolveClaim } from "./resolve-claim.ts";

const NODE = { name: "node-1", labels: { "kubernetes.io/hostname": "node-1" } };

function volume(name: string, spec: PersistentVolume["spec"] = {}): StorageObject {
  const capacity = { storage: "1Gi" };
  const usual = { capacity, accessModes: ["ReadWriteOnce"], hostPath: { path: `/srv/${name}` } };
  return { kind: "PersistentVolume", object: { metadata: { name }, spec: { ...usual, ...spec } } };
}

function claimObject(name: string, spec: PersistentVolumeClaim["spec"] = {}): PersistentVolumeClaim {
  const usual = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "500Mi" } } };
  return { metadata: { name, namespace: "default" }, spec: { ...usual, ...spec } };
}

function claim(name: string, spec: PersistentVolumeClaim["spec"] = {}): StorageObject {
  return { kind: "PersistentVolumeClaim", object: claimObject(name, spec) };
}

function storageClass(name: string, fields: Partial<StorageClass>): StorageObject {
  return {
    kind: "StorageClass",
    object: { provisioner: "example.com/x", ...fields, metadata: { ...fields.metadata, name } },
  };
}

function bind(objects: readonly StorageObject[], more: Partial<BindInput> = {}): BindResult {
  return bindClaims({
    storage: groupStorageObjects(objects),
    podClaims: [],
    bindings: [],
    node: NODE,
    claimsDirectory: "/root/claims",
    podsDirectory: "/root/pods",
    ...more,
  });
}

function boundTo(result: BindResult, name: string): string | undefined {
  const to = result.bindings.get(`default/${name}`)?.to;
  return to?.kind === "volume" ? to.name : to?.path;
}

describe("bindClaims", () => {
  it("takes the smallest volume that does", () => {
    const small = volume("small", { capacity: { storage: "100Mi" } });
    const large = volume("large", { capacity: { storage: "10Gi" } });
    const result = bind([large, small, volume("middle"), claim("data")]);
    assert.equal(boundTo(result, "data"), "middle");
  });

  it("gives a volume to one claim only, and a directory to the next", () => {
    const result = bind([volume("one"), claim("a"), claim("b")]);
    assert.equal(boundTo(result, "a"), "one");
    assert.equal(boundTo(result, "b"), "/root/claims/default/b");
  });

  it("lets who names a volume have it, whatever the order of names", () => {
    const result = bind([volume("one"), claim("a"), claim("z", { volumeName: "one" })]);
    assert.equal(boundTo(result, "z"), "one");
  });

  it("keeps a volume for the claim that its claimRef names", () => {
    const reserved = volume("one", { claimRef: { namespace: "default", name: "z" } });
    const result = bind([reserved, claim("a"), claim("z")]);
    assert.deepEqual([boundTo(result, "z"), boundTo(result, "a")], ["one", "/root/claims/default/a"]);
  });

  it("minds class, access modes, mode, selector and affinity", () => {
    const other = volume("class", { storageClassName: "fast" });
    const modes = volume("modes", { accessModes: ["ReadOnlyMany"] });
    const block = volume("block", { volumeMode: "Block" });
    const term = { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: ["node-2"] }] };
    const elsewhere = volume("elsewhere", { nodeAffinity: { required: { nodeSelectorTerms: [term] } } });
    const result = bind([other, modes, block, elsewhere, claim("data"), claim("quick", { storageClassName: "fast" })]);
    assert.equal(boundTo(result, "data"), "/root/claims/default/data");
    assert.equal(boundTo(result, "quick"), "class");
    const picky = claim("picky", { selector: { matchLabels: { tier: "gold" } } });
    assert.equal(boundTo(bind([volume("plain"), picky]), "picky"), undefined);
  });

  it("says why a claim is not bound", () => {
    const cases: readonly [StorageObject[], string][] = [
      [[claim("c", { volumeName: "none" })], 'persistentvolume "none" not found'],
      [[claim("c", { storageClassName: "none" })], 'storageclass.storage.k8s.io "none" not found'],
      [
        [claim("c", { storageClassName: "s" }), storageClass("s", {})],
        'waiting for a volume to be created, either by external provisioner "example.com/x" or manually created by system administrator',
      ],
      [
        [claim("c", { volumeName: "v" }), volume("v", { capacity: { storage: "1Mi" } })],
        'Cannot bind to requested volume "v": requested PV is too small',
      ],
      [
        [claim("c", { volumeName: "v" }), volume("v", { claimRef: { name: "other", namespace: "default" } })],
        'volume "v" already bound to a different claim.',
      ],
    ];
    for (const [objects, why] of cases) assert.equal(bind(objects).pending.get("default/c"), why);
  });

  it("gives directories for a class of its own provisioner, the default class among them", () => {
    const annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
    const own = storageClass("dirs", { provisioner: DIRECTORY_PROVISIONER });
    assert.equal(boundTo(bind([own, claim("c", { storageClassName: "dirs" })]), "c"), "/root/claims/default/c");
    const foreign = storageClass("net", { metadata: { annotations } });
    assert.equal(boundTo(bind([foreign, claim("c")]), "c"), undefined, "the default class provisions elsewhere");
    assert.equal(boundTo(bind([foreign, claim("c", { storageClassName: "" })]), "c"), "/root/claims/default/c");
  });

  it("keeps a binding when better volumes come, when the base moves, and when the claim is away for a while", () => {
    const first = bind([claim("data")]);
    const bindings = [...first.bindings.values()];
    const later = { bindings, claimsDirectory: "/elsewhere" };
    assert.equal(boundTo(bind([claim("data"), volume("new")], later), "data"), "/root/claims/default/data");
    const away = bind([], later);
    const back = bind([claim("data")], { ...later, bindings: [...away.bindings.values()] });
    assert.equal(boundTo(back, "data"), "/root/claims/default/data");
  });

  it("lets nobody have the volume of a claim that is gone, until the volume goes, too", () => {
    const { bindings } = bind([volume("v"), claim("old")]);
    const kept = { bindings: [...bindings.values()] };
    const result = bind([volume("v"), claim("new")], kept);
    assert.equal(boundTo(result, "new"), "/root/claims/default/new");
    const world = { storage: groupStorageObjects([volume("v"), claim("new")]), podClaims: new Map(), bound: result };
    assert.deepEqual(
      volumesWithStatus(world).map(({ status }) => status?.phase),
      ["Released"],
    );
    assert.equal(bind([claim("new")], kept).bindings.has("default/old"), false);
  });

  it("follows a claim that names another volume now", () => {
    const { bindings } = bind([volume("a"), volume("b"), claim("c", { volumeName: "a" })]);
    const objects = [volume("a"), volume("b"), claim("c", { volumeName: "b" })];
    assert.equal(boundTo(bind(objects, { bindings: [...bindings.values()] }), "c"), "b");
  });
});

const POD: Pod = {
  metadata: { name: "web", namespace: "default", uid: "u1" },
  spec: {
    containers: [],
    volumes: [
      { name: "data", persistentVolumeClaim: { claimName: "data", readOnly: true } },
      { name: "scratch", ephemeral: { volumeClaimTemplate: { spec: claimObject("x").spec ?? {} } } },
      { name: "plain", emptyDir: {} },
    ],
  },
};
const [DATA, SCRATCH, PLAIN] = POD.spec?.volumes ?? [];

function world(objects: readonly StorageObject[], pod = POD) {
  const made = podClaims(pod);
  const storage = groupStorageObjects(objects);
  const byKey = new Map(made.map((each) => [`default/${each.metadata?.name}`, each]));
  return { storage, podClaims: byKey, bound: bind(objects, { podClaims: made }) };
}

describe("resolveClaim", () => {
  it("finds the volume behind a claim", () => {
    assert.ok(DATA && PLAIN);
    const found = resolveClaim(POD, DATA, world([claim("data"), volume("v")]));
    assert.ok(found !== undefined && !("error" in found) && found.kind === "volume");
    assert.deepEqual([found.volume.metadata?.name, found.readOnly], ["v", true]);
    assert.equal(resolveClaim(POD, PLAIN, world([])), undefined);
  });

  it("waits in the kubelet's words", () => {
    assert.ok(DATA);
    assert.deepEqual(resolveClaim(POD, DATA, world([])), {
      error:
        'error processing PVC default/data: failed to fetch PVC from API server: persistentvolumeclaims "data" not found',
    });
    assert.deepEqual(resolveClaim(POD, DATA, world([claim("data", { volumeName: "v" })])), {
      error: 'error processing PVC default/data: PVC is not bound: persistentvolume "v" not found',
    });
  });

  it("gives an ephemeral volume a claim of its own, in the pod's directory", () => {
    assert.ok(SCRATCH);
    const found = resolveClaim(POD, SCRATCH, world([]));
    assert.ok(found !== undefined && !("error" in found) && found.kind === "directory");
    assert.equal(found.path, "/root/pods/u1/volumes/tskubelet.dev~claim/web-scratch");
    assert.equal(claimsWithStatus(world([]))[0]?.status?.phase, "Bound");
  });

  it("does not take a claim of that name that is not the pod's", () => {
    assert.ok(SCRATCH);
    assert.deepEqual(resolveClaim(POD, SCRATCH, world([claim("web-scratch")])), {
      error:
        "error processing PVC default/web-scratch: PVC default/web-scratch was not created for pod default/web (pod is not owner)",
    });
  });

  it("forgets what was made for a pod that is gone, but not that a volume was used", () => {
    const objects = [volume("v")];
    const { bindings } = world(objects).bound;
    assert.deepEqual([...bindings.keys()], ["default/web-scratch@u1"]);
    const next = { ...POD, metadata: { ...POD.metadata, uid: "u2" } };
    const again = bind(objects, { podClaims: podClaims(next), bindings: [...bindings.values()] });
    const to = again.bindings.get("default/web-scratch@u2")?.to;
    assert.equal(to?.kind, "directory", "the used volume is not handed on");
    const { bindings: directories } = world([]).bound;
    assert.equal(bind([], { bindings: [...directories.values()] }).bindings.size, 0);
  });
});
