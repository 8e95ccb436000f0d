import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock, settle } from "../../../../test/support/fakes-clock.ts";
import { FakeFiles, FakeLog, FakeStore } from "../../../../test/support/fakes-ports.ts";
import { FakeStorageFiles } from "../../../../test/support/fakes-storage.ts";
import type { Pod, Volume } from "../../../core/api/types.ts";
import { groupStorageObjects, type StorageObject } from "../../../core/volume/storage-object.ts";
import { claimDirectoryPlugin } from "../plugins/claim-directory.ts";
import { hostPathPlugin } from "../plugins/host-path.ts";
import { localVolumePlugin } from "../plugins/local-volume.ts";
import { VolumeManager } from "../volume-manager.ts";
import type { VolumePlugin } from "../volume-plugin.ts";
import { ClaimBook } from "./claim-book.ts";

const REQUEST = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } };
const HERE = {
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "Exists" }] }] },
};

function claim(name: string, spec: object = {}): StorageObject {
  return {
    kind: "PersistentVolumeClaim",
    object: { metadata: { name, namespace: "d" }, spec: { ...REQUEST, ...spec } },
  };
}

function volume(name: string, source: object): StorageObject {
  const spec = { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], ...source };
  return { kind: "PersistentVolume", object: { metadata: { name }, spec } };
}

function podOf(source: Omit<Volume, "name">, spec: object = {}): Pod {
  const containers = [{ name: "c", image: "i", volumeMounts: [{ name: "data", mountPath: "/data" }] }];
  return {
    metadata: { name: "web", namespace: "d", uid: "u" },
    spec: { containers, volumes: [{ name: "data", ...source }], ...spec },
  };
}

function world(more: readonly VolumePlugin[] = []) {
  const [clock, log, store, files, storage] = [
    new FakeClock(),
    new FakeLog(),
    new FakeStore(),
    new FakeFiles(),
    new FakeStorageFiles(),
  ];
  const events: string[] = [];
  let pods: readonly Pod[] = [];
  let objects = groupStorageObjects([]);
  const claims = new ClaimBook(
    {
      log,
      store,
      objects: {
        get storage() {
          return objects;
        },
        pods: () => pods.map((pod) => ({ pod })),
      },
    },
    {
      node: { name: "n", labels: { "kubernetes.io/hostname": "n" } },
      claimsDirectory: "/claims",
      podsDirectory: "/pods",
    },
  );
  const plugins = [
    ...more,
    hostPathPlugin(files),
    claimDirectoryPlugin(storage, files),
    localVolumePlugin(storage, files),
  ];
  const manager = new VolumeManager(
    {
      clock,
      log,
      files,
      claims,
      plugins,
      events: { pod: (_pod, _type, _reason, message) => void events.push(message) },
    },
    { onReady: () => {} },
  );
  const have = (...all: readonly StorageObject[]) => {
    objects = groupStorageObjects(all);
  };
  const mount = async (pod: Pod) => {
    pods = [pod];
    const result = await manager.mount(pod, new AbortController().signal);
    return "volumes" in result ? result.volumes.get("data") : undefined;
  };
  return { clock, store, files, storage, events, claims, manager, have, mount };
}

describe("volumes behind claims", () => {
  it("are the directory of the claim, for everybody and for the pod's group", async () => {
    const { have, mount, storage, claims } = world();
    have(claim("ledger"));
    const mounted = await mount(podOf({ persistentVolumeClaim: { claimName: "ledger" } }));
    assert.deepEqual(mounted, { path: "/claims/d/ledger", isRelabelable: true });
    assert.deepEqual([...storage.claims], ["/claims/d/ledger"]);
    assert.equal(claims.claims()[0]?.status?.phase, "Bound");
  });

  it("are local volumes and paths of the node, read-only where the pod says so", async () => {
    const { have, mount, storage } = world();
    storage.directories.add("/mnt/disk");
    have(claim("c"), volume("v", { local: { path: "/mnt/disk" }, nodeAffinity: HERE }));
    const source = { persistentVolumeClaim: { claimName: "c", readOnly: true } };
    assert.deepEqual(await mount(podOf(source)), { path: "/mnt/disk", readOnly: true });
    const other = world();
    other.have(claim("c"), volume("v", { hostPath: { path: "/srv", type: "" } }));
    assert.deepEqual(await other.mount(podOf(source)), { path: "/srv", readOnly: true });
  });

  it("are block devices where both the volume and the pod say so", async () => {
    const { have, mount, storage, events } = world();
    storage.directories.add("/dev");
    const block = { volumeMode: "Block" };
    have(claim("c", block), volume("v", { local: { path: "/dev" }, nodeAffinity: HERE, ...block }));
    const containers = [{ name: "c", image: "i", volumeDevices: [{ name: "data", devicePath: "/dev/xvda" }] }];
    const pod = podOf({ persistentVolumeClaim: { claimName: "c" } }, { containers });
    assert.equal(await mount(pod), undefined);
    assert.match(events[0] ?? "", /path "\/dev" is not a block device, and volumeMode is Block/);
    storage.devices.add("/dev");
    const again = { ...pod, metadata: { ...pod.metadata, uid: "u2" } };
    assert.deepEqual(await mount(again), { path: "/dev", isBlock: true });
    const asFiles = podOf({ persistentVolumeClaim: { claimName: "c" } });
    assert.equal(await mount({ ...asFiles, metadata: { ...asFiles.metadata, uid: "u3" } }), undefined);
    assert.match(events.at(-1) ?? "", /volume data has volumeMode Block, but is specified in volumeMounts$/);
  });

  it("are waited for in the kubelet's words, and are there as soon as the claim is bound", async () => {
    const { have, mount, events } = world();
    const pod = podOf({ persistentVolumeClaim: { claimName: "late" } });
    assert.equal(await mount(pod), undefined);
    assert.deepEqual(events, [
      'Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[], failed to process volumes=[data]: error processing PVC d/late: failed to fetch PVC from API server: persistentvolumeclaims "late" not found',
    ]);
    have(claim("late"));
    assert.deepEqual(
      await mount(pod),
      { path: "/claims/d/late", isRelabelable: true },
      "without waiting for the back-off",
    );
  });

  it("stay what they are while the pod has them, whatever becomes of the claim", async () => {
    const { have, mount } = world();
    have(claim("c"));
    const pod = podOf({ persistentVolumeClaim: { claimName: "c" } });
    await mount(pod);
    have();
    assert.equal((await mount(pod))?.path, "/claims/d/c");
    have(claim("c", { volumeName: "v" }), volume("v", { hostPath: { path: "/srv" } }));
    assert.equal((await mount(pod))?.path, "/claims/d/c");
  });

  it("are found again by the next agent, though the claim's object was away in between", async () => {
    const first = world();
    first.have(claim("c"));
    await first.mount(podOf({ persistentVolumeClaim: { claimName: "c" } }));
    const next = new ClaimBook(
      {
        log: new FakeLog(),
        store: first.store,
        objects: {
          storage: groupStorageObjects([claim("c"), volume("v", { hostPath: { path: "/srv" } })]),
          pods: () => [],
        },
      },
      { node: { name: "n", labels: {} }, claimsDirectory: "/elsewhere", podsDirectory: "/pods" },
    );
    const pod = podOf({ persistentVolumeClaim: { claimName: "c" } });
    const found = next.resolve(pod, pod.spec?.volumes?.[0] ?? assert.fail());
    assert.equal(found !== undefined && "path" in found && found.path, "/claims/d/c");
  });

  it("say what is not supported", async () => {
    const { have, mount, events } = world();
    have(claim("c"), volume("v", { rbd: { monitors: ["m"], image: "i" } }));
    assert.equal(await mount(podOf({ persistentVolumeClaim: { claimName: "c" } })), undefined);
    assert.match(events[0] ?? "", /volumes of type rbd are not supported/);
  });
});

describe("devices that an earlier agent has left", () => {
  function staging(left: readonly string[]) {
    const calls: string[] = [];
    const plugin: VolumePlugin = {
      name: "test/staging",
      supports: () => true,
      place: ({ volume: { name } }) => ({ kind: "test~staging", name }),
      device: () => "disk",
      mountDevice: async () => {
        calls.push("stage");
        return {};
      },
      mount: async () => {
        calls.push("publish");
        return { mounted: { path: "/p" } };
      },
      unmountDevice: async (device) => void calls.push(`unstage ${device}`),
      leftDevices: async () => left,
      recognize: async (_uid, found) => ({
        ...found,
        mounted: { path: "/p" },
        device: { name: "disk", plugin: "test/staging" },
      }),
    };
    return { plugin, calls };
  }

  it("go when no pod has them", async () => {
    const { plugin, calls } = staging(["disk"]);
    const { manager } = world([plugin]);
    await manager.start(new AbortController().signal);
    await settle();
    assert.deepEqual(calls, ["unstage disk"]);
  });

  it("stay while a pod that was found has a volume on them", async () => {
    const { plugin, calls } = staging(["disk"]);
    const { manager, files } = world([plugin]);
    files.pods.add("u");
    files.found.set("u", [{ place: { kind: "test~staging", name: "data" } }]);
    await manager.start(new AbortController().signal);
    await settle();
    assert.deepEqual(calls, []);
    await manager.unmount("u");
    await settle();
    assert.deepEqual(calls, ["unstage disk"]);
  });
});
