import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { boundLog } from "./bounded-log.ts";
import { CAP_SYS_RESOURCE, parseEffectiveCapability } from "./capability.ts";
import { type ContainerdSettings, renderContainerdConfig } from "./containerd-config.ts";
import { containerdPaths, forgetStateOfEarlierBoot, writeIfChanged } from "./containerd-files.ts";
import { isAlive, isContainerdCommand, observeProcess } from "./containerd-process.ts";
import { findProgram, missingPrograms, missingProgramsMessage, searchPath } from "./programs.ts";
import { CONTAINERD_RESTART, FRESH_RESTART_STATE, nextRestart } from "./restart-policy.ts";

const directory = mkdtempSync(join(tmpdir(), "tskubelet-containerd-unit-"));
after(() => rmSync(directory, { recursive: true }));

const settings: ContainerdSettings = {
  root: "/r",
  state: "/s",
  socket: "/c.sock",
  sandboxImage: "pause:1",
  cniBinDir: "/usr/lib/cni",
  cniConfDir: '/with "quotes"',
  runcPath: "/usr/sbin/runc",
  snapshotter: "overlayfs",
  systemdCgroup: true,
  restrictOomScoreAdj: true,
  maxConcurrentDownloads: 3,
  registryConfigDir: "/certs.d",
  logLevel: "info",
};

describe("containerd's configuration", () => {
  it("says what it was told, with text quoted for TOML", () => {
    const lines = renderContainerdConfig(settings).split("\n");
    for (const line of [
      "version = 2",
      'sandbox_image = "pause:1"',
      'conf_dir = "/with \\"quotes\\""',
      "SystemdCgroup = true",
      "restrict_oom_score_adj = true",
      '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]',
    ]) {
      assert.ok(lines.includes(line), line);
    }
  });

  it("switches off the snapshotter that is not used, never the one that is", () => {
    const disabled = (snapshotter: ContainerdSettings["snapshotter"]) =>
      /^disabled_plugins = (.*)$/m.exec(renderContainerdConfig({ ...settings, snapshotter }))?.[1] ?? "";
    assert.match(disabled("overlayfs"), /snapshotter\.v1\.native"/);
    assert.doesNotMatch(disabled("overlayfs"), /snapshotter\.v1\.overlayfs"/);
    assert.doesNotMatch(disabled("native"), /snapshotter\.v1\.native"/);
  });

  it("keeps the socket short enough for the kernel", () => {
    assert.equal(containerdPaths("/var/lib/tskubelet").socket, "/var/lib/tskubelet/containerd/containerd.sock");
    const deep = containerdPaths(`/${"x".repeat(120)}`).socket;
    assert.match(deep, /^\/run\/tskubelet\/[0-9a-f]{12}\.sock$/);
    assert.notEqual(deep, containerdPaths(`/${"y".repeat(120)}`).socket);
  });

  it("is written only when it differs", () => {
    const path = join(directory, "config.toml");
    assert.deepEqual(
      [writeIfChanged(path, "a"), writeIfChanged(path, "a"), writeIfChanged(path, "b")],
      [true, false, true],
    );
  });

  it("forgets the state of an earlier boot, and only that", () => {
    const paths = { bootId: join(directory, "boot-id"), state: join(directory, "state") };
    const boot = (id: string) => {
      forgetStateOfEarlierBoot(paths, id);
      return existsSync(paths.state);
    };
    mkdirSync(paths.state);
    assert.deepEqual([boot("one"), boot("one"), boot("two")], [true, true, false]);
  });
});

describe("restarts of containerd", () => {
  it("wait longer each time up to ten seconds, and start over after a run that lasted", () => {
    let state = FRESH_RESTART_STATE;
    const delays = Array.from({ length: 8 }, () => {
      const next = nextRestart(CONTAINERD_RESTART, state, 100);
      state = next.state;
      return next.delayMs;
    });
    assert.deepEqual(delays, [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    assert.equal(nextRestart(CONTAINERD_RESTART, state, 30_000).delayMs, 250);
    assert.equal(nextRestart(CONTAINERD_RESTART, { failures: 5000 }, 0).delayMs, 10_000);
  });
});

describe("programs", () => {
  it("are searched in the administrators' directories too", () => {
    assert.deepEqual(searchPath("/a::/usr/bin").split(":").slice(0, 3), ["/a", "/usr/bin", "/usr/local/sbin"]);
    assert.equal(findProgram("no-such-program-anywhere"), undefined);
  });

  it("that are missing are named with their package and one command that installs them all", () => {
    const missing = missingPrograms({ cniBinDirs: [directory] });
    assert.deepEqual(
      missing
        .filter((program) => program.debianPackage === "containernetworking-plugins")
        .map((program) => program.name),
      ["bridge", "host-local", "portmap", "loopback"],
    );
    const message = missingProgramsMessage([
      { name: "runc", debianPackage: "runc" },
      { name: "ctr", debianPackage: "containerd" },
      { name: "containerd", debianPackage: "containerd" },
    ]);
    assert.match(message, /ctr \(package containerd\)/);
    assert.match(message, /apt-get install -y --no-install-recommends runc containerd$/);
  });
});

describe("processes", () => {
  it("are known by number and start time", () => {
    const self = observeProcess(process.pid);
    assert.ok(self !== undefined && isAlive(self));
    assert.equal(isAlive({ pid: self.pid, startTicks: "1" }), false);
    assert.equal(observeProcess(2 ** 22 + 1), undefined);
  });

  it("are our containerd when they run with our configuration", () => {
    const ours = (...commandLine: string[]) => isContainerdCommand(commandLine, "/root/config.toml");
    assert.equal(ours("/usr/bin/containerd", "--config", "/root/config.toml", ""), true);
    assert.equal(ours("/usr/bin/containerd", "--config", "/etc/containerd/config.toml"), false);
    assert.equal(ours("/usr/bin/containerd"), false);
    assert.equal(ours("vi", "--config", "/root/config.toml"), false);
    assert.equal(ours("/opt/containerd-2.1", "--config", "/root/config.toml"), true);
    const named = isContainerdCommand(["/opt/cd", "--config", "/root/config.toml"], "/root/config.toml", "/opt/cd");
    assert.equal(named, true);
  });

  it("have a capability when its bit is set in the effective set", () => {
    const status = (hex: string) => `Name:\tx\nCapPrm:\t000001ffffffffff\nCapEff:\t${hex}\n`;
    assert.equal(parseEffectiveCapability(status("000001ffffffffff"), CAP_SYS_RESOURCE), true);
    assert.equal(parseEffectiveCapability(status("000001fffeffffff"), CAP_SYS_RESOURCE), false);
    assert.equal(parseEffectiveCapability("", CAP_SYS_RESOURCE), false);
  });
});

describe("containerd's log", () => {
  it("moves to a second file when it is too long, and goes on in place", () => {
    const path = join(directory, "containerd.log");
    assert.equal(boundLog(path, 10), false);
    writeFileSync(path, "0123456789");
    assert.equal(boundLog(path, 10), false);
    writeFileSync(path, "0123456789a");
    assert.equal(boundLog(path, 10), true);
    assert.deepEqual([readFileSync(path, "utf8"), readFileSync(`${path}.1`, "utf8")], ["", "0123456789a"]);
  });
});
