import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { HostError } from "../../ports/errors.ts";
import { createNetworkStorage } from "./create-network-storage.ts";

const scratch = mkdtempSync(join(tmpdir(), "tsk-network-"));
const target = join(scratch, "target");
const DISK = { portal: "192.0.2.1:3260", iqn: "iqn.2026-01.com.example:disk", lun: 1, iface: "default" };
const DEVICE = "/dev/disk/by-path/ip-192.0.2.1:3260-iscsi-iqn.2026-01.com.example:disk-lun-1";

/** Programs that end with these codes, by the beginning of their command lines. */
function tools(codes: Readonly<Record<string, number>> = {}, there: readonly string[] = []) {
  const commands: string[] = [];
  const present = new Set(there);
  const mounted = new Set<string>();
  const storage = createNetworkStorage({
    run: async (args) => {
      const command = args.join(" ");
      commands.push(command);
      const [, exitCode = 0] = Object.entries(codes).find(([start]) => command.startsWith(start)) ?? [];
      if (exitCode === 0 && command.includes("--login")) present.add(DEVICE);
      return { exitCode, output: exitCode === 0 || exitCode === 2 ? "" : `${args[0]} says no` };
    },
    isThere: async (path) => present.has(path),
    isMounted: async (path) => mounted.has(path),
  });
  return { storage, commands, present, mounted };
}

const failsWith = (code: string, text: RegExp) => (error: unknown) =>
  error instanceof HostError && error.code === code && text.test(error.message);

describe("storage of other machines", () => {
  after(() => rmSync(scratch, { recursive: true, force: true }));

  it("mounts NFS with the volume's options", async () => {
    const { storage, commands } = tools({}, ["/sbin/mount.nfs"]);
    await storage.mountNfs("server:/share", target, ["nfsvers=4", "ro"]);
    assert.deepEqual(commands, [`mount -t nfs -o nfsvers=4,ro -- server:/share ${target}`]);
  });

  it("names the package that is missing", async () => {
    const { storage, commands } = tools();
    await assert.rejects(storage.mountNfs("s:/p", target, []), failsWith("NotFound", /the package "nfs-common"/));
    assert.deepEqual(commands, []);
    const without = tools({ iscsiadm: 127 });
    await assert.rejects(without.storage.loginIscsi(DISK), failsWith("NotFound", /the package "open-iscsi"/));
  });

  it("says what the tool said", async () => {
    const { storage } = tools({ mount: 32 }, ["/sbin/mount.nfs"]);
    await assert.rejects(storage.mountNfs("s:/p", target, []), failsWith("Other", /^mount says no$/));
  });

  it("does nothing twice: what is mounted stays, what is not is not unmounted", async () => {
    const { storage, commands, mounted } = tools({}, ["/sbin/mount.nfs"]);
    await storage.unmountNfs(target);
    mounted.add(target);
    await storage.mountNfs("s:/p", target, []);
    await storage.mountDisk("/dev/x", target, "", []);
    assert.deepEqual(commands, []);
    await storage.unmountNfs(target);
    assert.deepEqual(commands, [`umount --no-canonicalize --force -- ${target}`]);
  });

  it("does not touch a directory that is mounted: its server may be away", async () => {
    const { storage, mounted } = tools({}, ["/sbin/mount.nfs"]);
    writeFileSync(join(scratch, "file"), "");
    const untouchable = join(scratch, "file", "below");
    mounted.add(untouchable);
    await storage.mountNfs("s:/p", untouchable, []);
  });

  it("logs in to an iSCSI target, also where the session is there already, and waits for the disk", async () => {
    const { storage, commands } = tools();
    assert.equal(await storage.loginIscsi(DISK), DEVICE);
    assert.deepEqual(commands, [
      "iscsiadm -m discovery -t sendtargets -p 192.0.2.1:3260 -I default",
      "iscsiadm -m node -p 192.0.2.1:3260 -T iqn.2026-01.com.example:disk -I default --login",
    ]);
    await storage.loginIscsi(DISK);
    assert.equal(commands.length, 2, "a disk that is there needs no login");
    const known = tools({ "iscsiadm -m node": 21 });
    await known.storage.logoutIscsi(DISK);
  });

  it("makes a filesystem only on a disk that has nothing on it", async () => {
    const empty = tools({ blkid: 2 });
    await empty.storage.mountDisk("/dev/x", target, "", []);
    assert.deepEqual(empty.commands.slice(1), ["mkfs.ext4 /dev/x", `mount -t ext4 -o defaults -- /dev/x ${target}`]);
    for (const [code, options] of [
      [0, []],
      [4, []],
      [2, ["ro"]],
    ] as const) {
      const other = tools({ blkid: code });
      await other.storage.mountDisk("/dev/x", target, "xfs", options);
      assert.ok(!other.commands.some((command) => command.startsWith("mkfs")), `blkid ended with ${code}`);
    }
  });
});
