/** Claims, persistent volumes and CSI on real containerd; the driver is a process of its own (test/support/csi-driver.ts). */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Node } from "../../src/core/api/types.ts";
import type { Summary, VolumeStats } from "../../src/core/stats/summary.ts";
import { readMountsBelow } from "../../src/host/procfs/mount-info.ts";
import { AgentNode, isRunning, SLEEP, shellPod } from "../support/agent-node.ts";
import { loopDevicesOf, TestCsiDriver } from "../support/csi-driver-process.ts";
import { Program } from "../support/program.ts";

const DRIVER = "test.csi.example.com";

function claim(name: string, spec: object = {}): object {
  const usual = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } };
  return { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name }, spec: { ...usual, ...spec } };
}

function volume(name: string, source: object): object {
  const spec = { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], storageClassName: "by-hand", ...source };
  return { apiVersion: "v1", kind: "PersistentVolume", metadata: { name }, spec };
}

function csiVolume(id: string, csi: object = {}, spec: object = {}): object {
  return volume(id, { csi: { driver: DRIVER, volumeHandle: id, ...csi }, ...spec });
}

function csiDriverObject(spec: object): object {
  return { apiVersion: "storage.k8s.io/v1", kind: "CSIDriver", metadata: { name: DRIVER }, spec };
}

/** A pod whose container sees `source` at /data. */
function podWith(name: string, script: string, source: object, mount: object = {}): unknown {
  const mounts = [{ name: "data", mountPath: "/data", ...mount }];
  const pod = shellPod(name, script, { volumes: [{ name: "data", ...source }] }) as {
    readonly spec: { readonly containers: readonly object[] };
  };
  const containers = pod.spec.containers.map((container) => ({ ...container, volumeMounts: mounts }));
  return { ...pod, spec: { ...pod.spec, containers } };
}

const hostnameExists = { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "Exists" }] };

const byClaim = (claimName: string, more: object = {}) => ({ persistentVolumeClaim: { claimName, ...more } });

describe("storage that outlives pods", () => {
  const node = new AgentNode({ bridge: "tskcsi0", kubelet: { volumeStatsAggPeriod: "1s" } });
  const driver = new TestCsiDriver({
    name: DRIVER,
    directory: mkdtempSync(join(tmpdir(), "tskcsi-")),
    registry: join(node.rootDir, "plugins_registry"),
    options: ["maxVolumes=5"],
  });
  before(async () => {
    await node.start();
    await driver.start();
  });
  after(async () => {
    await node.close();
    await driver.close();
  });
  const claimDirectory = (name: string) => join(node.rootDir, "claims", "default", name);
  const calls = (id: string) =>
    driver
      .calls()
      .filter(({ request }) => request["volume_id"] === id)
      .map(({ call }) => call);
  /** Whatever is mounted or staged of the driver. */
  const csiLeftovers = () => {
    const mounts = readMountsBelow(node.rootDir).map(({ mountPoint }) => mountPoint);
    const staged = join(node.rootDir, "plugins/kubernetes.io/csi", DRIVER);
    return [
      ...mounts.filter((path) => path.includes("csi")),
      ...(existsSync(staged) ? readdirSync(staged).map((name) => join(staged, name)) : []),
    ];
  };

  /** What the summary says of the volume "data" of a pod, once it was measured as abnormal. */
  const untilFigures = async (pod: string): Promise<VolumeStats> => {
    let found: VolumeStats | undefined;
    await node.until(
      `the volume of ${pod} is measured`,
      async () => {
        const summary = (await node.get("/stats/summary")) as Summary | undefined;
        const stats = summary?.pods?.find(({ podRef }) => podRef.name === pod);
        found = stats?.volume?.find(({ name }) => name === "data");
        return found?.volumeHealthStats?.abnormal === true;
      },
      30_000,
      () => JSON.stringify(found),
    );
    return found ?? assert.fail();
  };

  it("keeps the data of a claim over pods, agents and the claim's own object", async () => {
    const write = "echo written by $HOSTNAME >> /data/log; cat /data/log; ";
    node.write("claim.yaml", claim("ledger"));
    node.write("first.yaml", podWith("first", write + SLEEP, byClaim("ledger")));
    await node.untilPod("first", "is ready", isRunning);
    node.remove("first.yaml");
    node.remove("claim.yaml");
    await node.untilGone("first");
    await node.end("SIGKILL");
    await node.start();
    assert.equal(readFileSync(join(claimDirectory("ledger"), "log"), "utf8"), "written by first\n");
    node.write("claim.yaml", claim("ledger"));
    node.write("second.yaml", podWith("second", write + SLEEP, byClaim("ledger", { readOnly: false })));
    const pod = await node.untilPod("second", "is ready", isRunning);
    await node.untilLog(pod, /^written by first\nwritten by second$/m);
    node.remove("second.yaml");
    await node.untilGone("second");
  });

  it("lets a pod wait for its claim in the kubelet's words, and go on when it comes", async () => {
    node.write("waiter.yaml", podWith("waiter", SLEEP, byClaim("late")));
    await node.untilEvent(
      "waiter",
      "FailedMount",
      /unmounted volumes=\[data\].*: error processing PVC default\/late: .*persistentvolumeclaims "late" not found$/,
    );
    node.write("late.yaml", claim("late", { storageClassName: "by-hand" }));
    await node.untilEvent(
      "waiter",
      "FailedMount",
      /PVC is not bound: storageclass.storage.k8s.io "by-hand" not found$/,
    );
    node.write("late.yaml", claim("late"));
    await node.untilPod("waiter", "is ready", isRunning);
    node.remove("waiter.yaml");
    await node.untilGone("waiter");
  });

  it("binds a claim to a volume of this node, and keeps the pod from writing where it asked for that", async () => {
    const shared = join(node.base, "shared");
    mkdirSync(shared);
    writeFileSync(join(shared, "page"), "from the volume");
    const local = { local: { path: shared }, nodeAffinity: { required: { nodeSelectorTerms: [hostnameExists] } } };
    node.write("local.yaml", volume("pv-local", local), claim("local", { storageClassName: "by-hand" }));
    const script = `cat /data/page; echo x > /data/x || echo refused; ${SLEEP}`;
    node.write("local-pod.yaml", podWith("local-pod", script, byClaim("local", { readOnly: true })));
    const pod = await node.untilPod("local-pod", "is ready", isRunning);
    await node.untilLog(pod, /from the volume.*refused/s);
    node.remove("local-pod.yaml");
    node.remove("local.yaml");
    await node.untilGone("local-pod");
    assert.deepEqual(readdirSync(shared), ["page"]);
  });

  it("makes an ephemeral claim for a pod, and takes it away with it", async () => {
    const template = {
      volumeClaimTemplate: { spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } } },
    };
    node.write("scratch.yaml", podWith("scratch", `echo hello > /data/x; ls /data; ${SLEEP}`, { ephemeral: template }));
    const pod = await node.untilPod("scratch", "is ready", isRunning);
    await node.untilLog(pod, /^x$/m);
    const directory = join(node.rootDir, "pods", pod.metadata?.uid ?? "", "volumes/tskubelet.dev~claim/scratch-data");
    assert.equal(readFileSync(join(directory, "x"), "utf8"), "hello\n");
    node.remove("scratch.yaml");
    await node.untilGone("scratch");
    await node.until("the directory is gone", () => !existsSync(directory));
  });

  it("has a CSI driver stage a volume once for two pods, publish it for each, and take it all back", async () => {
    driver.addVolume("v-shared", { page: "from the driver\n" });
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "csi" },
      stringData: { user: "u", password: "p" },
    };
    const reference = { name: "csi", namespace: "default" };
    const csi = {
      fsType: "ext4",
      nodeStageSecretRef: reference,
      nodePublishSecretRef: reference,
      volumeAttributes: { a: "b" },
    };
    node.write(
      "csi.yaml",
      secret,
      csiVolume("v-shared", csi, { mountOptions: ["noatime"] }),
      claim("shared", { volumeName: "v-shared", storageClassName: "by-hand" }),
    );
    const script = `cat /data/page; echo $HOSTNAME > /data/$HOSTNAME; ${SLEEP}`;
    for (const name of ["csi-a", "csi-b"]) node.write(`${name}.yaml`, podWith(name, script, byClaim("shared")));
    for (const name of ["csi-a", "csi-b"]) {
      const pod = await node.untilPod(name, "is ready", isRunning);
      await node.untilLog(pod, /from the driver/);
    }
    const [stage] = driver.calls("NodeStageVolume");
    assert.deepEqual(
      [stage?.request["secrets"], stage?.request["volume_capability"]],
      [
        { user: "u", password: "p" },
        { mount: { fs_type: "ext4", mount_flags: ["noatime"], volume_mount_group: "" }, access_mode: { mode: 1 } },
      ],
    );
    const { items } = (await node.get("/api/v1/nodes")) as { readonly items: readonly Node[] };
    assert.deepEqual(items[0]?.status?.volumesInUse, [`kubernetes.io/csi/${DRIVER}^v-shared`]);
    const shown = await new Program(node.rootDir).run("get", "pvc", "shared");
    assert.match(shown.out, /shared +Bound +v-shared +1Gi +RWO +by-hand/);
    driver.setAbnormal(true);
    const figures = await untilFigures("csi-b");
    driver.setAbnormal(false);
    assert.deepEqual(
      [figures.pvcRef, figures.volumeHealthStats, figures.capacityBytes !== undefined && figures.capacityBytes > 0],
      [{ name: "shared", namespace: "default" }, { abnormal: true }, true],
    );
    node.remove("csi-a.yaml");
    await node.untilGone("csi-a");
    assert.equal(calls("v-shared").includes("NodeUnstageVolume"), false, "the other pod still has it");
    node.remove("csi-b.yaml");
    await node.untilGone("csi-b");
    await node.until("it is unstaged", () => calls("v-shared").includes("NodeUnstageVolume"));
    await node.until(
      "nothing of it is left",
      () => csiLeftovers().length === 0,
      10_000,
      () => csiLeftovers().join("\n"),
    );
    const count = (name: string) => calls("v-shared").filter((call) => call === name).length;
    assert.deepEqual(
      ["NodeStageVolume", "NodePublishVolume", "NodeUnpublishVolume", "NodeUnstageVolume"].map(count),
      [1, 2, 2, 1],
    );
    assert.deepEqual(readdirSync(driver.addVolume("v-shared")).toSorted(), ["csi-a", "csi-b", "page"]);
  });

  it("gives an inline volume to a driver that has an object for it, with what it wants to know of the pod", async () => {
    const inline = { csi: { driver: DRIVER, volumeAttributes: { size: "small" } } };
    node.write("inline.yaml", podWith("inline", `cat /data/context.json; echo; ${SLEEP}`, inline));
    await node.untilEvent(
      "inline",
      "FailedMount",
      /volume mode "Ephemeral" not supported by driver .* \(no CSIDriver object\)/,
    );
    node.write(
      "driver.yaml",
      csiDriverObject({ volumeLifecycleModes: ["Ephemeral", "Persistent"], podInfoOnMount: true }),
    );
    const pod = await node.untilPod("inline", "is ready", isRunning);
    await node.untilLog(pod, /"csi.storage.k8s.io\/pod.name":"inline"/);
    assert.match(node.containerLog(pod), /"size":"small"/);
    node.remove("inline.yaml");
    node.remove("driver.yaml");
    await node.untilGone("inline");
    await node.until(
      "nothing of it is left",
      () => csiLeftovers().length === 0,
      10_000,
      () => csiLeftovers().join("\n"),
    );
  });

  it("passes a block volume to the container as a device", async () => {
    const directory = driver.addVolume("v-block");
    node.write(
      "block.yaml",
      csiVolume("v-block", {}, { volumeMode: "Block" }),
      claim("block", { volumeName: "v-block", storageClassName: "by-hand", volumeMode: "Block" }),
    );
    const script = `test -b /dev/disk && echo "text on it" | dd of=/dev/disk conv=notrunc,fsync; head -c 10 /dev/disk; echo; ${SLEEP}`;
    const pod = podWith("block-pod", script, byClaim("block")) as {
      readonly spec: { readonly containers: readonly object[] };
    };
    const containers = pod.spec.containers.map((container) => ({
      ...container,
      volumeMounts: [],
      volumeDevices: [{ name: "data", devicePath: "/dev/disk" }],
    }));
    node.write("block-pod.yaml", { ...pod, spec: { ...pod.spec, containers } });
    await node.untilLog(await node.untilPod("block-pod", "is ready", isRunning), /text on it/);
    node.remove("block-pod.yaml");
    node.remove("block.yaml");
    await node.untilGone("block-pod");
    await node.until("the loop device is given back", () => loopDevicesOf(join(directory, "disk.img")).length === 0);
    assert.equal(readFileSync(join(directory, "disk.img")).subarray(0, 10).toString(), "text on it");
    assert.deepEqual(csiLeftovers(), []);
  });

  it("waits for a driver that died, with a pod that starts and with one that ends", async () => {
    driver.addVolume("v-dying", { page: "still here\n" });
    node.write(
      "dying.yaml",
      csiVolume("v-dying"),
      claim("dying", { volumeName: "v-dying", storageClassName: "by-hand" }),
    );
    node.write("before.yaml", podWith("before", SLEEP, byClaim("dying")));
    await node.untilPod("before", "is ready", isRunning);
    await driver.end("SIGTERM");
    node.write("behind.yaml", podWith("behind", `cat /data/page; ${SLEEP}`, byClaim("dying")));
    await node.untilEvent(
      "behind",
      "FailedMount",
      /driver name test.csi.example.com not found in the list of registered CSI drivers/,
    );
    node.remove("before.yaml");
    await driver.start();
    await node.untilLog(await node.untilPod("behind", "is ready", isRunning), /still here/);
    await node.untilGone("before");
    await driver.end("SIGKILL");
    node.remove("behind.yaml");
    await driver.start();
    await node.untilGone("behind");
    await node.until(
      "nothing of it is left",
      () => csiLeftovers().length === 0,
      20_000,
      () => csiLeftovers().join("\n"),
    );
    node.remove("dying.yaml");
  });

  it("leaves nothing when the agent is killed while a volume is staged, published or taken back", async () => {
    driver.addVolume("v-killed", { page: "unharmed" });
    node.write(
      "killed.yaml",
      csiVolume("v-killed"),
      claim("killed", { volumeName: "v-killed", storageClassName: "by-hand" }),
    );
    for (const call of ["NodeStageVolume", "NodePublishVolume", "NodeUnpublishVolume", "NodeUnstageVolume"]) {
      const seen = calls("v-killed").filter((one) => one === call).length;
      const isCalled = () => calls("v-killed").filter((one) => one === call).length > seen;
      driver.setFaults({ [call]: { delayMs: 700, times: 1 } });
      node.write("victim.yaml", podWith("victim", SLEEP, byClaim("killed")));
      if (call.startsWith("NodeUn")) {
        await node.untilPod("victim", "is ready", isRunning);
        node.remove("victim.yaml");
      }
      await node.until(`${call} is under way`, isCalled);
      await node.end("SIGKILL");
      node.remove("victim.yaml");
      driver.setFaults({});
      await node.start();
      await node.untilGone("victim");
      await node.until(
        `nothing is left after a kill in ${call}`,
        () => csiLeftovers().length === 0,
        20_000,
        () => csiLeftovers().join("\n"),
      );
    }
    assert.deepEqual(readdirSync(driver.addVolume("v-killed")), ["page"]);
    node.remove("killed.yaml");
  });
});
