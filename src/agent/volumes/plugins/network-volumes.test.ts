import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock, settle } from "../../../../test/support/fakes-clock.ts";
import { FakeFiles, FakeLog } from "../../../../test/support/fakes-ports.ts";
import { FakeStorageFiles } from "../../../../test/support/fakes-storage.ts";
import type { PersistentVolume, Volume } from "../../../core/api/types.ts";
import type { NetworkStorage } from "../../../ports/network-storage.ts";
import { VolumeManager } from "../volume-manager.ts";
import type { PodVolume } from "../volume-plugin.ts";
import { IscsiPlugin } from "./iscsi.ts";
import { nfsPlugin } from "./nfs.ts";

function network(): { readonly network: NetworkStorage; readonly calls: string[] } {
  const calls: string[] = [];
  const tell = (text: string) => void calls.push(text);
  return {
    calls,
    network: {
      mountNfs: async (source, target, options) => tell(`nfs ${source} ${target} ${options.join(",")}`.trim()),
      unmountNfs: async (target) => tell(`unmount ${target}`),
      loginIscsi: async (disk) => {
        tell(`login ${disk.portal}`);
        return "/dev/disk";
      },
      logoutIscsi: async (disk) => tell(`logout ${disk.portal} ${disk.iqn} ${disk.lun}`),
      mountDisk: async (device, target, fsType, options) =>
        tell(`mount ${device} ${target} ${fsType} ${options.join(",")}`.trim()),
      unmountDisk: async (target) => tell(`unmount ${target}`),
    },
  };
}

const pod = { metadata: { name: "web", uid: "u1" }, spec: { containers: [] } };
const inline = (source: Omit<Volume, "name">): PodVolume => ({ uid: "u1", pod, volume: { name: "data", ...source } });
const claimed = (spec: PersistentVolume["spec"] & object, readOnly = false): PodVolume => ({
  uid: "u1",
  pod,
  volume: { name: "data", persistentVolumeClaim: { claimName: "c" } },
  claimed: { kind: "volume", claim: {}, volume: { metadata: { name: "pv" }, spec }, readOnly },
});

describe("NFS volumes", () => {
  it("are mounted into the pod's directory and unmounted from there", async () => {
    const { network: ports, calls } = network();
    const plugin = nfsPlugin(ports, { rootDir: "/root" });
    const place = "/root/pods/u1/volumes/kubernetes.io~nfs";
    await plugin.mount(inline({ nfs: { server: "s", path: "/p", readOnly: true } }), new AbortController().signal);
    const persistent = claimed({ nfs: { server: "fd00::1", path: "/p" }, mountOptions: ["nfsvers=4.1"] });
    const outcome = await plugin.mount(persistent, new AbortController().signal);
    assert.deepEqual(outcome, { mounted: { path: `${place}/pv` } });
    assert.deepEqual(plugin.place?.(persistent), { kind: "kubernetes.io~nfs", name: "pv" });
    await plugin.unmount?.("u1", { kind: "kubernetes.io~nfs", name: "pv" }, undefined);
    assert.deepEqual(calls, [
      `nfs s:/p ${place}/data ro`,
      `nfs [fd00::1]:/p ${place}/pv nfsvers=4.1`,
      `unmount ${place}/pv`,
    ]);
  });
});

describe("iSCSI volumes", () => {
  const source = { targetPortal: "192.0.2.1", iqn: "iqn.2026-01.com.example:a-b", lun: 3 };
  const mount = "/root/plugins/kubernetes.io/iscsi/iface-default/192.0.2.1:3260-iqn.2026-01.com.example:a-b-lun-3";

  function world() {
    const { network: ports, calls } = network();
    const storage = new FakeStorageFiles();
    const files = { setGroup: async () => {} };
    return { plugin: new IscsiPlugin({ network: ports, storage, files }, { rootDir: "/root" }), calls, storage };
  }

  it("are logged in to and mounted once, and found again by the next agent", async () => {
    const { plugin, calls } = world();
    const volume = inline({ iscsi: { ...source, fsType: "xfs" } });
    assert.equal(plugin.device(volume), mount);
    assert.deepEqual(await plugin.mountDevice(mount, volume), {});
    assert.deepEqual(await plugin.mount(volume), { mounted: { path: mount } });
    assert.deepEqual(await plugin.leftDevices(), [mount]);
    await plugin.unmountDevice(mount);
    await plugin.unmountDevice(mount);
    assert.deepEqual(calls, [
      "login 192.0.2.1:3260",
      `mount /dev/disk ${mount} xfs`,
      `unmount ${mount}`,
      "logout 192.0.2.1:3260 iqn.2026-01.com.example:a-b 3",
    ]);
  });

  it("stay under the pods of an earlier agent, and go with the last of them", async () => {
    const { plugin, calls } = world();
    const volume = inline({ iscsi: source });
    await plugin.mountDevice(mount, volume);
    await plugin.mount(volume);
    calls.length = 0;
    const files = new FakeFiles();
    files.pods.add("u1");
    files.found.set("u1", [{ place: { kind: "kubernetes.io~iscsi", name: "data" } }]);
    const claims = { resolve: () => undefined };
    const ports = { clock: new FakeClock(), log: new FakeLog(), events: { pod: () => {} } };
    const next = new VolumeManager({ ...ports, files, claims, plugins: [plugin] }, { onReady: () => {} });
    await next.start(new AbortController().signal);
    await settle();
    assert.deepEqual(calls, []);
    await next.unmount("u1");
    await settle();
    assert.deepEqual(calls, [`unmount ${mount}`, "logout 192.0.2.1:3260 iqn.2026-01.com.example:a-b 3"]);
  });

  it("keep the session of their target until the last of its disks is gone", async () => {
    const { plugin, calls } = world();
    const other = mount.replace(/3$/, "4");
    await plugin.mountDevice(mount, inline({ iscsi: source }));
    await plugin.mountDevice(other, inline({ iscsi: { ...source, lun: 4 } }));
    calls.length = 0;
    await Promise.all([plugin.unmountDevice(mount), plugin.unmountDevice(other)]);
    assert.deepEqual(calls, [
      `unmount ${mount}`,
      `unmount ${other}`,
      "logout 192.0.2.1:3260 iqn.2026-01.com.example:a-b 4",
    ]);
  });

  it("are given as devices where the claim is a block volume", async () => {
    const { plugin, calls } = world();
    const volume = claimed({ iscsi: source, volumeMode: "Block" }, true);
    await plugin.mountDevice(mount, volume);
    assert.deepEqual(await plugin.mount(volume), { mounted: { path: "/dev/disk", isBlock: true, readOnly: true } });
    assert.deepEqual(calls, ["login 192.0.2.1:3260", "login 192.0.2.1:3260"]);
  });

  it("are refused where they need what is not built", async () => {
    const { plugin, calls } = world();
    const volume = inline({ iscsi: { ...source, chapAuthSession: true, secretRef: { name: "s" } } });
    assert.deepEqual(await plugin.mountDevice(mount, volume), {
      error: "CHAP authentication of iSCSI is not supported",
    });
    assert.deepEqual(calls, []);
  });
});
