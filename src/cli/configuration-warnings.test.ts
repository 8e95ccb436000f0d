import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { configurationWarnings } from "./configuration-warnings.ts";
import { parseCommandLine } from "./flags.ts";
import { isStandalone, loadRunConfiguration } from "./load-run-configuration.ts";

let directory = "";
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "warnings-"));
});
after(() => rm(directory, { recursive: true }));

async function load(...args: readonly string[]) {
  const command = parseCommandLine(["run", ...args]);
  assert.ok(!("usageError" in command) && command.name === "run");
  const loaded = await loadRunConfiguration(command.flags, directory);
  assert.ok(!("problems" in loaded), JSON.stringify(loaded));
  return { loaded, standalone: isStandalone(command.flags) };
}

test("a start without flags has nothing to warn of", async () => {
  const { loaded } = await load();
  assert.deepEqual(configurationWarnings(loaded), []);
});

test("a flag whose feature is to come is told by name and value, without repeating itself", async () => {
  const { loaded } = await load("--cert-dir", "/pki", "--kubeconfig", "k", "--register-node=false");
  assert.deepEqual(configurationWarnings(loaded), [
    "flag --register-node: registerNode=false has no effect yet: being a node of a cluster (a later version)",
    "--cert-dir=/pki has no effect yet: the node API over HTTPS (a later version)",
    `--kubeconfig=${directory}/k has no effect yet: being a node of a cluster (a later version)`,
  ]);
});

test("a file beside the drop-ins that is none is told", async () => {
  await writeFile(join(directory, "10-notes.txt"), "");
  const { loaded } = await load("--config-dir", directory);
  assert.deepEqual(configurationWarnings(loaded), [
    `${directory}/10-notes.txt is passed over: its name does not end in .conf`,
  ]);
});

test("a node that is alone listens on loopback and may have swap; one with a control plane does as the kubelet", async () => {
  const seen = async (...args: readonly string[]) => {
    const { loaded, standalone } = await load(...args);
    const { address, readOnlyPort, failSwapOn } = loaded.configuration.kubelet;
    return [standalone, address, readOnlyPort, failSwapOn];
  };
  assert.deepEqual(await seen(), [true, "127.0.0.1", 10255, false]);
  assert.deepEqual(await seen("--kubeconfig", ""), [true, "127.0.0.1", 10255, false]);
  assert.deepEqual(await seen("--kubeconfig", "k"), [false, "0.0.0.0", 0, true]);
  assert.deepEqual(await seen("--bootstrap-kubeconfig", "k"), [false, "0.0.0.0", 0, true]);
});

test("the embedded containerd's socket lies below the root directory", async () => {
  const { loaded } = await load("--root-dir", "/srv/agent");
  assert.equal(loaded.configuration.kubelet.containerRuntimeEndpoint, "unix:///srv/agent/containerd/containerd.sock");
});
