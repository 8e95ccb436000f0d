/** The agent as the service that packaging/tskubelet.service describes, with the systemd cgroup driver. */
import "./require-guest.ts";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { stringify } from "yaml";
import type { Pod } from "../../../src/core/api/types.ts";
import { containerIdOf, getText, isRunning, SLEEP, statusOf } from "../../support/agent-node.ts";
import { assertCgroup, MIB, podWith, read, startTicks } from "./agent-pods.ts";

const CHECKOUT = join(import.meta.dirname, "../../..");
const PROGRAM = "/usr/local/bin/tskubelet";
const UNIT = "/etc/systemd/system/tskubelet.service";
const SETTINGS = "/etc/tskubelet";
const ROOT = "/var/lib/tskubelet";
const SLICES = "/sys/fs/cgroup/kubepods.slice";
const DEADLINE_MS = 400_000;

const configuration = {
  apiVersion: "kubelet.config.k8s.io/v1beta1",
  kind: "KubeletConfiguration",
  cgroupDriver: "systemd",
  podPidsLimit: 123,
};
const guaranteed = podWith("guaranteed", SLEEP, { limits: { cpu: "250m", memory: "64Mi" } });

describe("the agent as a service of systemd", () => {
  const pods = new Map<string, Pod>();
  const podNamed = (name: string): Pod => pods.get(name) ?? assert.fail(`pod ${name} has not run`);
  const sliceOf = (name: string, qos = ""): string =>
    `kubepods${qos}-pod${(podNamed(name).metadata?.uid ?? "").replaceAll("-", "_")}.slice`;
  const untilPodsRun = async (): Promise<void> => {
    pods.clear();
    await until("the pods are ready", async () => {
      for (const pod of await listPods()) if (isRunning(pod)) pods.set(pod.metadata?.name ?? "", pod);
      return pods.size === 2;
    });
  };

  before(async () => {
    symlinkSync(join(CHECKOUT, "bin/tskubelet"), PROGRAM);
    copyFileSync(join(CHECKOUT, "packaging/tskubelet.service"), UNIT);
    for (const folder of ["config.d", "manifests"]) mkdirSync(join(SETTINGS, folder), { recursive: true, mode: 0o750 });
    writeFileSync(join(SETTINGS, "config.d/10-systemd.conf"), stringify(configuration));
    copyFileSync(join(CHECKOUT, "examples/worker.yaml"), join(SETTINGS, "manifests/worker.yaml"));
    writeFileSync(join(SETTINGS, "manifests/guaranteed.yaml"), stringify(guaranteed));
    await systemctl("set-environment", `NODE_COMPILE_CACHE=${process.env["NODE_COMPILE_CACHE"] ?? ""}`);
    await systemctl("daemon-reload");
    await systemctl("start", "tskubelet");
    await untilPodsRun();
  });
  after(async () => {
    await systemctl("stop", "tskubelet");
    for (const path of [PROGRAM, UNIT, SETTINGS]) rmSync(path, { recursive: true, force: true });
    await systemctl("daemon-reload");
  });

  it("runs containers as scopes in slices of their pods", async () => {
    const limits = { "cpu.weight": "10", "cpu.max": "25000 100000", "memory.max": String(64 * MIB) };
    const slice = join(SLICES, sliceOf("guaranteed"));
    assertCgroup(slice, { ...limits, "pids.max": "123" });
    assertCgroup(join(slice, `cri-containerd-${containerIdOf(podNamed("guaranteed"))}.scope`), limits);
    assertCgroup(join(SLICES, "kubepods-burstable.slice", sliceOf("worker", "-burstable")), {
      "cpu.weight": "1",
      "cpu.max": "10000 100000",
      "memory.max": String(32 * MIB),
    });
    const show = await systemctl("show", "-p", "MemoryMax", "-p", "CPUQuotaPerSecUSec", sliceOf("guaranteed"));
    assert.deepEqual(show.split("\n").sort(), ["CPUQuotaPerSecUSec=250ms", `MemoryMax=${64 * MIB}`]);
  });

  it("keeps its containerd and shims in its own cgroup, away from the pods", async () => {
    assert.match(read(`/proc/${runtimePid()}/cgroup`), /^0::\/system.slice\/tskubelet.service/);
    assert.match(read(`/proc/${await mainPid()}/cgroup`), /^0::\/system.slice\/tskubelet.service/);
    assert.equal(read(`/proc/${await mainPid()}/oom_score_adj`), "-999");
  });

  it("keeps containers and their runtime when the service is restarted", async () => {
    const observe = () => ({
      runtime: runtimePid(),
      pods: [...pods.values()].map((pod) => ({ ...processOf(pod), status: pod.status?.containerStatuses })),
    });
    const [earlier, pid] = [observe(), await mainPid()];
    await systemctl("restart", "tskubelet");
    await untilPodsRun();
    assert.notEqual(await mainPid(), pid);
    assert.deepEqual(observe(), earlier);
  });

  it("removes the slices of a pod whose manifest goes", async () => {
    const slice = sliceOf("worker", "-burstable");
    rmSync(join(SETTINGS, "manifests/worker.yaml"));
    await until("the pod is gone", async () => (await listPods()).length === 1);
    const units = await systemctl("list-units", "--all", "--plain", "--no-legend", slice, "cri-containerd-*.scope");
    assert.doesNotMatch(units, /-pod/);
    assert.equal(existsSync(join(SLICES, "kubepods-burstable.slice", slice)), false);
    assert.ok(units.includes(containerIdOf(podNamed("guaranteed"))), units);
    assert.ok(!units.includes(containerIdOf(podNamed("worker"), "worker")), units);
  });

  it("leaves pods running when it is stopped, until `tskubelet down`", async () => {
    const { pid, started } = processOf(podNamed("guaranteed"));
    const runtime = runtimePid();
    await systemctl("stop", "tskubelet");
    assert.equal(startTicks(pid), started);
    await promisify(execFile)(PROGRAM, ["down", "--config-dir", join(SETTINGS, "config.d")]);
    for (const gone of [pid, runtime]) assert.equal(existsSync(`/proc/${gone}`), false);
    assert.equal(existsSync(SLICES), false);
    assert.equal(await systemctl("list-units", "--all", "--plain", "--no-legend", "kubepods*"), "");
    assert.deepEqual(readdirSync(ROOT), []);
  });
});

async function systemctl(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("systemctl", args);
  return stdout.trim();
}

async function mainPid(): Promise<number> {
  return Number(await systemctl("show", "-P", "MainPID", "tskubelet"));
}

function runtimePid(): number {
  return Number.parseInt(readFileSync(join(ROOT, "containerd/containerd.pid"), "utf8"), 10);
}

/** The first process of the pod's only container. */
function processOf(pod: Pod): { readonly pid: number; readonly started: string } {
  const name = pod.spec?.containers?.[0]?.name ?? "";
  const scope = `/cri-containerd-${containerIdOf(pod, name)}.scope`;
  assert.ok(statusOf(pod, name)?.state?.running !== undefined);
  const all = readdirSync(SLICES, { recursive: true, encoding: "utf8" });
  const directory = all.find((path) => path.endsWith(scope)) ?? assert.fail(`no cgroup ${scope}`);
  const pid = Number.parseInt(read(join(SLICES, directory, "cgroup.procs")), 10);
  return { pid, started: startTicks(pid) };
}

async function listPods(): Promise<readonly Pod[]> {
  const text = await getText(join(ROOT, "tskubelet.sock"), "/api/v1/pods");
  return text === undefined ? [] : (JSON.parse(text) as { readonly items: readonly Pod[] }).items;
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) {
      const { stdout } = await promisify(execFile)("journalctl", [
        "-u",
        "tskubelet",
        "-n",
        "40",
        "--no-pager",
        "-o",
        "cat",
      ]);
      assert.fail(`waited ${DEADLINE_MS} ms in vain: ${what}\n${stdout}`);
    }
    await sleep(1_000);
  }
}
