import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../../../../../test/support/fakes-clock.ts";
import { FakeCsiDriver } from "../../../../../test/support/fakes-csi.ts";
import { FakeLog } from "../../../../../test/support/fakes-ports.ts";
import { FakeStorageFiles } from "../../../../../test/support/fakes-storage.ts";
import type { CsiDriver, PersistentVolume, Pod, Secret } from "../../../../core/api/types.ts";
import { groupStorageObjects } from "../../../../core/volume/storage-object.ts";
import type { GroupOwnership } from "../../../../ports/volume-files.ts";
import type { PodVolume } from "../../volume-plugin.ts";
import { CsiPlugin } from "./csi-plugin.ts";

const DRIVER = "d.example.com";
const PLACE = { kind: "kubernetes.io~csi", name: "pv1" };
const TARGET = "/root/pods/u1/volumes/kubernetes.io~csi/pv1/mount";
const POD: Pod = {
  metadata: { name: "web", namespace: "default", uid: "u1" },
  spec: { containers: [], securityContext: { fsGroup: 2000 } },
};

function world(driverSpec?: CsiDriver["spec"]) {
  const [clock, storage, driver] = [new FakeClock(), new FakeStorageFiles(), new FakeCsiDriver()];
  const secrets = new Map<string, Secret>();
  const groups: (readonly [string, GroupOwnership])[] = [];
  const registered = new Set([DRIVER]);
  const objects = driverSpec === undefined ? [] : [{ metadata: { name: DRIVER }, spec: driverSpec }];
  const plugin = new CsiPlugin(
    {
      clock,
      log: new FakeLog(),
      storage,
      files: { setGroup: async (path, ownership) => void groups.push([path, ownership]) },
      registry: {
        driver: (name) =>
          registered.has(name)
            ? {
                name,
                endpoint: "/d.sock",
                node: { nodeId: "n", maxVolumesPerNode: 0, topology: {} },
                capabilities: driver.capabilities,
                connection: driver,
              }
            : { error: `driver name ${name} not found in the list of registered CSI drivers` },
      },
      objects: {
        secret: (namespace, name) => secrets.get(`${namespace}/${name}`),
        storage: groupStorageObjects(objects.map((object) => ({ kind: "CSIDriver", object }) as const)),
      },
    },
    { rootDir: "/root", nodeName: "node-1" },
  );
  return { clock, storage, driver, plugin, secrets, groups, registered };
}

function claimed(spec: PersistentVolume["spec"] = {}, csi: object = {}): PodVolume {
  const source = { driver: DRIVER, volumeHandle: "v1", fsType: "ext4", ...csi };
  const volume = { metadata: { name: "pv1" }, spec: { accessModes: ["ReadWriteOnce"], ...spec, csi: source } };
  return {
    uid: "u1",
    pod: POD,
    volume: { name: "data", persistentVolumeClaim: { claimName: "data" } },
    claimed: { kind: "volume", claim: { metadata: { name: "data" } }, volume, readOnly: false },
  };
}

const INLINE: PodVolume = { uid: "u1", pod: POD, volume: { name: "scratch", csi: { driver: DRIVER } } };
const DEVICE = "kubernetes.io/csi/d.example.com^v1";

function requestOf<T>(driver: FakeCsiDriver, index: number): T {
  return (driver.asked[index] ?? assert.fail(`no call ${index}`))[1] as T;
}

describe("CsiPlugin", () => {
  it("stages once for the node, publishes into the pod, and takes both back", async () => {
    const { plugin, driver, storage } = world();
    assert.equal(plugin.device(claimed()), DEVICE);
    assert.deepEqual(await plugin.mountDevice(DEVICE, claimed()), {});
    assert.deepEqual(await plugin.mount(claimed()), { mounted: { path: TARGET } });
    assert.deepEqual(storage.records.get("/root/pods/u1/volumes/kubernetes.io~csi/pv1/vol_data.json"), {
      specVolID: "pv1",
      volumeHandle: "v1",
      driverName: DRIVER,
      nodeName: "node-1",
      volumeLifecycleMode: "Persistent",
      tskubeletGroup: "2000",
    });
    await plugin.unmount("u1", PLACE);
    await plugin.unmountDevice(DEVICE);
    assert.deepEqual(driver.calls, ["stage", "publish", "unpublish", "unstage"]);
    const [[, stage], [, publish]] = driver.asked as [
      [string, Record<string, unknown>],
      [string, Record<string, unknown>],
    ];
    assert.match(
      String(stage["stagingTargetPath"]),
      /^\/root\/plugins\/kubernetes\.io\/csi\/d\.example\.com\/[0-9a-f]{64}\/globalmount$/,
    );
    assert.deepEqual([publish["stagingTargetPath"], publish["targetPath"]], [stage["stagingTargetPath"], TARGET]);
    assert.equal(storage.records.size, 0, "no record is left");
  });

  it("does without staging where the driver has none", async () => {
    const { plugin, driver } = world();
    driver.capabilities.delete("STAGE_UNSTAGE_VOLUME");
    assert.deepEqual(await plugin.mountDevice(DEVICE, claimed()), {});
    await plugin.mount(claimed());
    await plugin.unmountDevice(DEVICE);
    assert.deepEqual(driver.calls, ["publish"]);
    assert.equal(requestOf<{ stagingTargetPath: string }>(driver, 0).stagingTargetPath, "");
  });

  it("says in the kubelet's words that the driver is not there, and asks nothing of it afterwards", async () => {
    const { plugin, driver, registered } = world();
    registered.clear();
    assert.deepEqual(await plugin.mountDevice(DEVICE, claimed()), {
      error:
        "kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: driver name d.example.com not found in the list of registered CSI drivers",
    });
    const outcome = await plugin.mount(claimed());
    assert.match(
      "error" in outcome ? outcome.error : "",
      /^kubernetes\.io\/csi: mounter\.SetUpAt failed to get CSI client/,
    );
    await plugin.unmount("u1", PLACE);
    await plugin.unmountDevice(DEVICE);
    assert.deepEqual(driver.calls, []);
  });

  it("waits for a driver that is away before it takes a volume back", async () => {
    const { plugin, driver, registered, storage } = world();
    await plugin.mountDevice(DEVICE, claimed());
    await plugin.mount(claimed());
    registered.clear();
    await assert.rejects(plugin.unmount("u1", PLACE), /Unmounter\.TearDownAt failed to get CSI client/);
    await assert.rejects(plugin.unmountDevice(DEVICE), /attacher\.UnmountDevice failed/);
    assert.equal(storage.records.size, 2);
    registered.add(DRIVER);
    await plugin.unmount("u1", PLACE);
    await plugin.unmountDevice(DEVICE);
    assert.deepEqual(driver.calls.slice(2), ["unpublish", "unstage"]);
  });

  it("has nothing to take back after an error that is final, and has after one that may have worked", async () => {
    const { plugin, driver } = world();
    driver.failing.add("stage").add("publish");
    assert.deepEqual(await plugin.mountDevice(DEVICE, claimed()), {
      error: "rpc error: code = Internal desc = stage fails",
    });
    const outcome = await plugin.mount(claimed());
    assert.deepEqual(outcome, {
      error: "kubernetes.io/csi: mounter.SetupAt failed: rpc error: code = Internal desc = publish fails",
    });
    await plugin.unmount("u1", PLACE);
    await plugin.unmountDevice(DEVICE);
    assert.deepEqual(driver.calls, ["stage", "publish"]);
    driver.failure = "DeadlineExceeded";
    await plugin.mountDevice(DEVICE, claimed());
    await plugin.mount(claimed());
    await plugin.unmount("u1", PLACE);
    await plugin.unmountDevice(DEVICE);
    assert.deepEqual(driver.calls.slice(2), ["stage", "publish", "unpublish", "unstage"]);
  });

  it("hands secrets over, and says which one is missing", async () => {
    const { plugin, driver, secrets } = world();
    const reference = { name: "s", namespace: "n" };
    const volume = claimed({}, { nodeStageSecretRef: reference, nodePublishSecretRef: reference });
    assert.deepEqual(await plugin.mountDevice(DEVICE, volume), {
      error:
        'kubernetes.io/csi: fetching NodeStageSecretRef n/s failed: failed to find the secret s in the namespace n with error: secrets "s" not found',
    });
    secrets.set("n/s", { data: { user: "w7w=" } });
    await plugin.mountDevice(DEVICE, volume);
    await plugin.mount(volume);
    assert.deepEqual(
      driver.asked.map(([, request]) => (request as { secrets?: unknown }).secrets),
      [{ user: "ü" }, { user: "ü" }],
    );
  });

  it("gives the group what the driver's policy says, unless the driver does", async () => {
    const { plugin, groups } = world();
    for (let again = 0; again < 2; again++) await plugin.mount(claimed());
    assert.deepEqual(groups, [[TARGET, { groupId: 2000, policy: "Always", readOnly: false }]]);
    const able = world();
    able.driver.capabilities.add("VOLUME_MOUNT_GROUP");
    await able.plugin.mount(claimed());
    assert.deepEqual(able.groups, []);
    const request = able.driver.asked[0]?.[1] as { volumeCapability?: { mount?: { volumeMountGroup?: string } } };
    assert.equal(request.volumeCapability?.mount?.volumeMountGroup, "2000");
  });

  it("refuses an inline volume of a driver that has no object for it, and makes one that has", async () => {
    const outcome = await world().plugin.mount(INLINE);
    assert.match(
      "error" in outcome ? outcome.error : "",
      /volume mode "Ephemeral" not supported by driver d\.example\.com/,
    );
    const { plugin, driver } = world({ volumeLifecycleModes: ["Ephemeral"], podInfoOnMount: true });
    assert.equal(plugin.device(INLINE), undefined);
    await plugin.mount(INLINE);
    const { volumeContext } = requestOf<{ volumeContext: Record<string, string> }>(driver, 0);
    assert.equal(volumeContext["csi.storage.k8s.io/pod.name"], "web");
  });

  it("publishes a block volume as a device at a path of its own", async () => {
    const { plugin, driver, storage } = world();
    const block = claimed({ volumeMode: "Block" });
    await plugin.mountDevice(DEVICE, block);
    const path = "/root/plugins/kubernetes.io/csi/volumeDevices/publish/pv1/u1";
    assert.deepEqual(await plugin.mount(block), { mounted: { path, isBlock: true } });
    await plugin.unmount("u1", PLACE);
    await plugin.unmountDevice(DEVICE);
    const paths = driver.asked.map(([, request]) => {
      const { stagingTargetPath, targetPath } = request as { stagingTargetPath?: string; targetPath?: string };
      return targetPath ?? stagingTargetPath;
    });
    const staging = "/root/plugins/kubernetes.io/csi/volumeDevices/staging/pv1";
    assert.deepEqual(paths, [staging, path, path, staging]);
    assert.equal(storage.records.size, 0);
  });

  it("knows what an agent before it has left", async () => {
    const { plugin, storage } = world();
    await plugin.mountDevice(DEVICE, claimed());
    await plugin.mount(claimed());
    storage.mounts.add(TARGET);
    assert.deepEqual(await plugin.leftDevices(), [DEVICE]);
    assert.deepEqual(await plugin.recognize("u1", { place: PLACE }), {
      place: PLACE,
      device: { name: DEVICE, plugin: "kubernetes.io/csi" },
      mounted: { path: TARGET },
    });
    assert.deepEqual(await plugin.recognize("u2", { place: PLACE }), { place: PLACE });
  });

  it("publishes what is published already only for drivers that ask for it", async () => {
    const { plugin, driver, storage, clock } = world();
    await plugin.mount(claimed());
    storage.mounts.add(TARGET);
    await plugin.mount(claimed());
    assert.deepEqual(driver.calls, ["publish"]);
    const asking = world({ requiresRepublish: true });
    await asking.plugin.mount(claimed());
    asking.storage.mounts.add(TARGET);
    const outcome = await asking.plugin.mount(claimed());
    assert.deepEqual(asking.driver.calls, ["publish", "publish"]);
    assert.equal("refreshAtMs" in outcome && outcome.refreshAtMs, clock.now() + 90_000);
  });

  it("grows a volume whose object has more capacity than before", async () => {
    const { plugin, driver, storage } = world();
    driver.capabilities.add("EXPAND_VOLUME");
    await plugin.mount(claimed({ capacity: { storage: "1Gi" } }));
    storage.mounts.add(TARGET);
    await plugin.mount(claimed({ capacity: { storage: "1Gi" } }));
    assert.deepEqual(driver.calls, ["publish"]);
    await plugin.mount(claimed({ capacity: { storage: "2Gi" } }));
    await plugin.mount(claimed({ capacity: { storage: "2Gi" } }));
    assert.deepEqual(driver.calls, ["publish", "expand"]);
    assert.equal(requestOf<{ requiredBytes: number }>(driver, 1).requiredBytes, 2 * 1024 ** 3);
  });
});
