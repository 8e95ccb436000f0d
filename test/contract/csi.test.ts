/** The CSI client and plugin registration against a driver of another make: gRPC and protobuf are not ours there. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { CsiVolumeCapability, PublishRequest, StageRequest } from "../../src/core/volume/csi/types.ts";
import { createSystemClock } from "../../src/host/clock/system-clock.ts";
import { createCsiDrivers } from "../../src/host/csi/create-csi-drivers.ts";
import { createPluginSockets } from "../../src/host/csi/create-plugin-sockets.ts";
import { readMountsBelow } from "../../src/host/procfs/mount-info.ts";
import type { CsiDriverConnection, PluginSocket } from "../../src/ports/csi.ts";
import { CsiError } from "../../src/ports/errors.ts";
import { unmountBelow } from "../support/containerd-node.ts";
import { TestCsiDriver } from "../support/csi-driver-process.ts";

const MOUNT: CsiVolumeCapability = {
  mount: { fsType: "ext4", mountFlags: ["noatime"], volumeMountGroup: "" },
  accessMode: "SINGLE_NODE_WRITER",
};

const failsWith = (code: string, text: RegExp) => (error: unknown) =>
  error instanceof CsiError && error.code === code && text.test(error.message);

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; !holds(); await sleep(10)) {
    if (performance.now() > end) assert.fail(`waited in vain: ${what}`);
  }
}

describe("CSI drivers over their sockets", () => {
  const base = mkdtempSync(join(tmpdir(), "tskcsi-"));
  const [registry, staging, target] = ["registry", "staging", "pod/target"].map((name) => join(base, name)) as [
    string,
    string,
    string,
  ];
  const driver = new TestCsiDriver({
    name: "test.csi.example.com",
    directory: join(base, "driver"),
    registry,
    options: ["maxVolumes=7"],
  });
  let connection: CsiDriverConnection;
  const staged = (volumeId: string): StageRequest => ({
    volumeId,
    publishContext: {},
    stagingTargetPath: staging,
    volumeCapability: MOUNT,
    secrets: { user: "ü", password: "p" },
    volumeContext: { share: "a" },
  });
  const published = (volumeId: string, readonly: boolean): PublishRequest => ({
    ...staged(volumeId),
    targetPath: target,
    readonly,
  });
  before(async () => {
    for (const directory of [registry, staging, join(base, "pod")]) mkdirSync(directory, { recursive: true });
    await driver.start();
    connection = createCsiDrivers({ timeoutMs: 5_000 }).connect(driver.socketPath);
  });
  after(async () => {
    connection.close();
    unmountBelow(base);
    await driver.close();
    rmSync(base, { recursive: true, force: true });
  });

  it("says who it is, what it can, and what it calls this node", async () => {
    assert.deepEqual(await connection.pluginInfo(), { name: "test.csi.example.com", vendorVersion: "1.2.3" });
    assert.deepEqual(await connection.nodeInfo(), {
      nodeId: "test.csi.example.com-node",
      maxVolumesPerNode: 7,
      topology: { "topology.example.com/rack": "r1" },
    });
    assert.deepEqual(
      [...(await connection.nodeCapabilities())],
      ["STAGE_UNSTAGE_VOLUME", "GET_VOLUME_STATS", "EXPAND_VOLUME", "VOLUME_CONDITION"],
    );
  });

  it("stages, publishes, measures, grows, and takes it all back, each step as often as it is asked", async () => {
    driver.addVolume("v1", { "hello.txt": "from the volume" });
    for (let again = 0; again < 2; again++) await connection.stage(staged("v1"));
    for (let again = 0; again < 2; again++) await connection.publish(published("v1", true));
    assert.equal(readFileSync(join(target, "hello.txt"), "utf8"), "from the volume");
    assert.throws(() => writeFileSync(join(target, "x"), ""), /EROFS/);
    const { usage, condition } = await connection.volumeStats({
      volumeId: "v1",
      volumePath: target,
      stagingTargetPath: staging,
    });
    assert.deepEqual(
      usage.map(({ unit, total, used, available }) => [unit, total > 0, used > 0, available > 0]),
      [
        ["BYTES", true, true, true],
        ["INODES", true, true, true],
      ],
    );
    assert.deepEqual(condition, { abnormal: false, message: "" });
    const grown = { volumeId: "v1", volumePath: target, stagingTargetPath: staging, volumeCapability: MOUNT };
    assert.equal(await connection.expand({ ...grown, requiredBytes: 3 * 2 ** 40, secrets: {} }), 3 * 2 ** 40);
    for (let again = 0; again < 2; again++) await connection.unpublish({ volumeId: "v1", targetPath: target });
    for (let again = 0; again < 2; again++) await connection.unstage({ volumeId: "v1", stagingTargetPath: staging });
    assert.deepEqual([existsSync(target), readMountsBelow(base).length], [false, 0]);
  });

  it("gets every field as it was sent", async () => {
    driver.addVolume("v2");
    await connection.stage(staged("v2"));
    await connection.publish({
      ...published("v2", false),
      volumeCapability: {
        mount: { fsType: "xfs", mountFlags: ["a", "b"], volumeMountGroup: "2000" },
        accessMode: "SINGLE_NODE_MULTI_WRITER",
      },
    });
    await connection.unpublish({ volumeId: "v2", targetPath: target });
    await connection.unstage({ volumeId: "v2", stagingTargetPath: staging });
    assert.deepEqual(driver.calls("NodePublishVolume").at(-1)?.request, {
      volume_id: "v2",
      publish_context: {},
      staging_target_path: staging,
      target_path: target,
      volume_capability: {
        mount: { fs_type: "xfs", mount_flags: ["a", "b"], volume_mount_group: "2000" },
        access_mode: { mode: 7 },
      },
      readonly: false,
      secrets: { user: "ü", password: "p" },
      volume_context: { share: "a" },
    });
  });

  it("gives a block device where one is asked for", async () => {
    driver.addVolume("disk");
    const volumeCapability: CsiVolumeCapability = { block: {}, accessMode: "SINGLE_NODE_WRITER" };
    await connection.stage({ ...staged("disk"), volumeCapability });
    await connection.publish({ ...published("disk", false), volumeCapability });
    assert.equal(statSync(target).isBlockDevice(), true);
    await connection.unpublish({ volumeId: "disk", targetPath: target });
    await connection.unstage({ volumeId: "disk", stagingTargetPath: staging });
    assert.equal(existsSync(target), false);
  });

  it("tells what a call failed with by code and in Go's words", async () => {
    await assert.rejects(
      connection.stage(staged("none")),
      failsWith("NotFound", /^rpc error: code = NotFound desc = volume none does not exist$/),
    );
    driver.setFaults({ NodeStageVolume: { delayMs: 3_000, times: 1 } });
    const hasty = createCsiDrivers({ timeoutMs: 100 }).connect(driver.socketPath);
    await assert.rejects(hasty.stage(staged("v1")), failsWith("DeadlineExceeded", /deadline exceeded/));
    hasty.close();
    const nobody = createCsiDrivers().connect(join(base, "nobody.sock"));
    await assert.rejects(nobody.nodeInfo(), failsWith("Unavailable", /ENOENT/));
    nobody.close();
  });

  it("is found by its socket, says what it is, and is found again when it comes back", async () => {
    const sockets = await createPluginSockets({ directory: registry, clock: createSystemClock() });
    const end = new AbortController();
    const seen: (readonly PluginSocket[])[] = [];
    const watching = sockets.watch((found) => seen.push(found), end.signal);
    const path = join(registry, "test.csi.example.com-reg.sock");
    await until("the socket is seen", () => seen.length > 0);
    assert.deepEqual(
      seen[0]?.map((socket) => socket.path),
      [path],
    );
    assert.deepEqual(await sockets.getInfo(path), {
      type: "CSIPlugin",
      name: "test.csi.example.com",
      endpoint: driver.socketPath,
      supportedVersions: ["1.0.0"],
    });
    await sockets.notify(path, { registered: false, error: "not today" });
    assert.deepEqual(driver.calls("NotifyRegistrationStatus").at(-1)?.request, {
      plugin_registered: false,
      error: "not today",
    });
    await driver.end();
    await until("the socket is gone", () => seen.at(-1)?.length === 0);
    await driver.start();
    await until("the socket is back", () => seen.at(-1)?.length === 1);
    assert.notEqual(seen.at(-1)?.[0]?.identity, seen[0]?.[0]?.identity);
    assert.equal((await connection.pluginInfo()).name, "test.csi.example.com");
    end.abort();
    await watching;
  });

  it("is passed over while its name begins with a dot, and found one directory below", async () => {
    const sockets = await createPluginSockets({ directory: registry, clock: createSystemClock() });
    const hidden = new TestCsiDriver({ name: ".hidden", directory: join(base, "hidden"), registry });
    const below = join(registry, "below");
    mkdirSync(below);
    const inner = new TestCsiDriver({ name: "inner", directory: join(base, "inner"), registry: below });
    await Promise.all([hidden.start(), inner.start()]);
    const end = new AbortController();
    let found: readonly string[] = [];
    const watching = sockets.watch((all) => {
      found = all.map(({ path }) => path);
    }, end.signal);
    await until("both are seen", () => found.length === 2);
    assert.deepEqual(found, [join(below, "inner-reg.sock"), join(registry, "test.csi.example.com-reg.sock")]);
    end.abort();
    await watching;
    await Promise.all([hidden.close(), inner.close()]);
  });
});
