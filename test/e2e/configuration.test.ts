/** Fields of the configuration that no other end-to-end test needs: each is seen to take effect, or to be refused. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { stringify } from "yaml";
import { observeCgroupLayout } from "../../src/host/cgroupfs/cgroup-layout.ts";
import { findProgram } from "../../src/host/containerd/programs.ts";
import { AgentNode, containerIdOf, isRunning, SLEEP, shellPod } from "../support/agent-node.ts";
import { type Outcome, PROGRAM, RunningProgram } from "../support/program.ts";

const { version: cgroupVersion } = await observeCgroupLayout();

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return address !== null && typeof address === "object" ? address.port : 0;
}

describe("a node without cgroups of classes and pods, on a containerd of another name", { concurrency: 1 }, () => {
  const programs = mkdtempSync(join(tmpdir(), "tskprog-"));
  const containerdPath = join(programs, "cd-of-mine");
  let node: AgentNode;
  let healthzPort = 0;
  let readOnlyPort = 0;

  before(async () => {
    symlinkSync(findProgram("containerd") ?? "", containerdPath);
    healthzPort = await freePort();
    readOnlyPort = await freePort();
    node = new AgentNode({
      bridge: "tskconf0",
      kubelet: ({ cgroupRoot }) => ({
        cgroupsPerQOS: false,
        enforceNodeAllocatable: [],
        kubeletCgroups: `${cgroupRoot}/agent`,
        oomScoreAdj: 100,
        healthzPort,
        readOnlyPort,
        evictionSoft: { "memory.available": "5%" },
        evictionSoftGracePeriod: { "memory.available": "1m" },
      }),
      tskubelet: { network: { bridgeName: "tskconf0" }, embeddedRuntime: { containerdPath } },
      flags: ["--cert-dir", "/pki"],
    });
    await node.start();
  });
  after(async () => {
    await node.close();
    rmSync(programs, { recursive: true });
  });

  it("is in its cgroup with its OOM score", () => {
    const cgroups = readFileSync(`/proc/${node.pid}/cgroup`, "utf8");
    assert.ok(cgroups.includes(`${node.cgroupRoot}/agent\n`), cgroups);
    assert.equal(readFileSync(`/proc/${node.pid}/oom_score_adj`, "utf8"), "100\n");
  });

  it("runs the program that is named, and takes it up again after a restart", async () => {
    const { containerdPid } = node;
    assert.ok(readFileSync(`/proc/${containerdPid}/cmdline`, "utf8").startsWith(containerdPath));
    await node.end("SIGTERM");
    await node.start();
    assert.equal(node.containerdPid, containerdPid);
  });

  it("lets the runtime make the cgroups of containers right below its root", async () => {
    node.write("plain.yaml", shellPod("plain", SLEEP));
    const pod = await node.untilPod("plain", "is ready", isRunning);
    const id = containerIdOf(pod);
    const cgroups = readFileSync(`/proc/${node.processOf(id)}/cgroup`, "utf8");
    assert.ok(cgroups.includes(`${node.cgroupRoot}/${id}\n`), cgroups);
    assert.ok(!cgroups.includes("kubepods"), cgroups);
  });

  it("answers on the ports that are named", async () => {
    assert.equal(await (await fetch(`http://127.0.0.1:${healthzPort}/healthz`)).text(), "ok");
    const pods = (await (await fetch(`http://127.0.0.1:${readOnlyPort}/pods`)).json()) as { readonly items: unknown[] };
    assert.equal(pods.items.length, 1);
  });

  it("tells at its start what has no effect yet", () => {
    assert.match(node.agentLog(), /--cert-dir=\/pki has no effect yet/);
  });
});

describe("a start that must not happen", { concurrency: 1 }, () => {
  const base = mkdtempSync(join(tmpdir(), "tskref-"));
  after(() => rmSync(base, { recursive: true }));

  /** Runs an agent that is expected to end by itself. */
  async function startWith(fields: Readonly<Record<string, unknown>>, rootDir = join(base, "root")): Promise<Outcome> {
    mkdirSync(rootDir, { recursive: true });
    const config = join(base, "config.yaml");
    const head = { apiVersion: "kubelet.config.k8s.io/v1beta1", kind: "KubeletConfiguration" };
    writeFileSync(config, stringify({ ...head, healthzPort: 0, readOnlyPort: 0, ...fields }));
    return new RunningProgram(PROGRAM, ["run", "--config", config, "--root-dir", rootDir]).ended;
  }

  const onV1 = cgroupVersion === 1 ? it : () => {};
  onV1("is refused by cgroup v1 where the configuration needs v2, in the kubelet's words", async () => {
    const whole = await startWith({ failCgroupV1: true });
    assert.deepEqual([whole.code, /configured to not run on a host using cgroup v1/.test(whole.err)], [1, true]);
    const single = await startWith({ singleProcessOOMKill: false });
    assert.deepEqual([single.code, /singleProcessOOMKill must not be explicitly/.test(single.err)], [1, true]);
    const systemd = await startWith({ cgroupDriver: "systemd" });
    assert.deepEqual([systemd.code, /needs cgroup v2/.test(systemd.err)], [1, true]);
  });

  it("is refused where a program is missing that is named", async () => {
    const config = join(base, "named.yaml");
    const head = { apiVersion: "tskubelet.dev/v1alpha1", kind: "TskubeletConfiguration" };
    writeFileSync(config, stringify({ ...head, embeddedRuntime: { containerdPath: "/no/such/containerd" } }));
    const args = ["run", "--config", config, "--root-dir", join(base, "named")];
    const { code, err } = await new RunningProgram(PROGRAM, args).ended;
    assert.equal(code, 1);
    assert.match(err, /missing on this machine: \/no\/such\/containerd \(package containerd\)/);
  });

  it("is refused to a second agent below the same cgroup, which leaves the first one's pods alone", async () => {
    const first = new AgentNode({ bridge: "tskref0" });
    try {
      await first.start();
      first.write("one.yaml", shellPod("one", SLEEP));
      await first.untilPod("one", "is ready", isRunning);
      const { code, err } = await startWith({ cgroupRoot: first.cgroupRoot }, join(base, "second"));
      assert.equal(code, 1);
      assert.match(err, new RegExp(`another agent \\(process ${first.pid}\\).*cgroupRoot of its own`));
      await first.end("SIGKILL");
      const stranger = await startWith({ cgroupRoot: first.cgroupRoot }, join(base, "third"));
      assert.equal(stranger.code, 1);
      assert.match(stranger.err, /holds pods of another kubelet/);
      await first.start();
      const pod = await first.untilPod("one", "is ready", isRunning);
      assert.equal(pod.status?.containerStatuses?.[0]?.restartCount, 0);
    } finally {
      await first.close();
    }
  });
});
