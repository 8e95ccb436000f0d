import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { formatOrigin, formatProblem, originOf, type Path } from "../core/config/index.ts";
import { parseCommandLine } from "./flags.ts";
import { type LoadedConfiguration, loadConfiguration } from "./load-configuration.ts";

let directory = "";
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "configuration-"));
});
after(() => rm(directory, { recursive: true }));

const head = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n";

async function write(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, text);
  return path;
}

async function load(...args: readonly string[]): Promise<LoadedConfiguration> {
  const command = parseCommandLine(["run", ...args]);
  assert.ok(!("usageError" in command) && command.name === "run");
  return loadConfiguration(command.flags, { cwd: directory });
}

async function valid(...args: readonly string[]) {
  const loaded = await load(...args);
  assert.ok("configuration" in loaded, "problems" in loaded ? loaded.problems.map(formatProblem).join("\n") : "");
  const origin = (...path: Path) => formatOrigin(originOf(loaded.configuration.kubeletOrigins, path));
  return { ...loaded, kubelet: loaded.configuration.kubelet, origin };
}

async function problems(...args: readonly string[]): Promise<readonly string[]> {
  const loaded = await load(...args);
  return "problems" in loaded ? loaded.problems.map(formatProblem) : [];
}

test("a value of a YAML file knows its line, in nested maps and in later documents too", async () => {
  const extension = "---\napiVersion: tskubelet.dev/v1alpha1\nkind: TskubeletConfiguration\nmanifestsPath: pods\n";
  const file = await write("lines.yaml", `# comment\n${head}\nevictionHard:\n  memory.available: 1Gi\n${extension}`);
  const { origin, configuration } = await valid("--config", file);
  assert.equal(origin("evictionHard", "memory.available"), `${file}:6`);
  const own = originOf(configuration.tskubeletOrigins, ["manifestsPath"]);
  assert.equal(formatOrigin(own), `${file}:10`);
  assert.equal(configuration.tskubelet.manifestsPath, join(directory, "pods"));
});

test("a JSON file is read as well", async () => {
  const text =
    '{\n "apiVersion": "kubelet.config.k8s.io/v1beta1",\n "kind": "KubeletConfiguration",\n "maxPods": 7\n}\n';
  const file = await write("kubelet.json", text);
  const { kubelet, origin } = await valid("--config", file);
  assert.equal(kubelet.maxPods, 7);
  assert.equal(origin("maxPods"), `${file}:4`);
});

test("a wrong type and an unknown field come with the line of the file", async () => {
  const file = await write("wrong.yaml", `${head}maxPods: many\nlogging:\n  format: text\n  verbosty: 3\n`);
  assert.deepEqual(await problems("--config", file), [
    `${file}:3: maxPods: expected an integer, got the string "many"`,
    `${file}:6: unknown field "logging.verbosty" (did you mean "logging.verbosity"?)`,
  ]);
});

test("a key that is written twice is an error, in YAML and in JSON", async () => {
  const yaml = await write("twice.yaml", `${head}maxPods: 1\nlogging:\n  verbosity: 1\n  verbosity: 2\nmaxPods: 2\n`);
  assert.deepEqual(await problems("--config", yaml), [
    `${yaml}:6: key "verbosity" is set twice`,
    `${yaml}:7: key "maxPods" is set twice`,
  ]);
  const json = await write(
    "twice.json",
    `{"apiVersion": "kubelet.config.k8s.io/v1beta1",\n"maxPods": 1,\n"maxPods": 2}`,
  );
  assert.deepEqual(await problems("--config", json), [`${json}:3: key "maxPods" is set twice`]);
});

test("text that is no YAML is an error with its line", async () => {
  const file = await write("broken.yaml", `${head}maxPods: [1\nport: 2\n`);
  const [problem, ...more] = await problems("--config", file);
  assert.deepEqual(more, []);
  assert.match(problem ?? "", /broken\.yaml:\d+: yaml: /);
});

test("a file that is missing or empty is an error", async () => {
  const empty = await write("empty.yaml", "# nothing\n");
  assert.deepEqual(await problems("--config", empty), [`${empty}: empty; expected a KubeletConfiguration`]);
  assert.match((await problems("--config", "none.yaml"))[0] ?? "", /none\.yaml: ENOENT/);
  assert.match((await problems("--config-dir", "none.d"))[0] ?? "", /^flag --config-dir: ENOENT/);
});

test("drop-ins are read in the order of their names, subdirectories included, others are skipped", async () => {
  const base = await write("base.yaml", `${head}maxPods: 1\nport: 11\nhealthzPort: 21\n`);
  await write("dropins/10-a.conf", `${head}maxPods: 2\nport: 12\n`);
  await write("dropins/15/x.conf", `${head}port: 13\n`);
  const last = await write("dropins/20.conf", `${head}maxPods: 3\n`);
  const skipped = await write("dropins/30.yaml", `${head}maxPods: 4\n`);
  await symlink(last, join(directory, "dropins/05-link.conf"));
  const loaded = await valid("--config", base, "--config-dir", "dropins");
  assert.deepEqual([loaded.kubelet.maxPods, loaded.kubelet.port, loaded.kubelet.healthzPort], [3, 13, 21]);
  assert.equal(loaded.origin("maxPods"), `drop-in ${last}:3`);
  assert.deepEqual(loaded.skipped, [skipped]);
});

test("a drop-in that names no kind is an error", async () => {
  const file = await write("nokind/10.conf", "maxPods: 2\n");
  assert.match((await problems("--config-dir", "nokind"))[0] ?? "", new RegExp(`^drop-in ${file}:1: no apiVersion`));
});

test("flags win over files, their paths are relative to the working directory", async () => {
  const file = await write("flags/base.yaml", `${head}staticPodPath: pods\nlogging: {verbosity: 1, format: json}\n`);
  const loaded = await valid("--config", file, "--pod-manifest-path", "other", "-v", "5", "--manifests", "m");
  assert.equal(loaded.kubelet.staticPodPath, join(directory, "other"));
  assert.deepEqual([loaded.kubelet.logging.verbosity, loaded.kubelet.logging.format], [5, "json"]);
  assert.equal(loaded.origin("logging", "verbosity"), "flag -v");
  assert.equal(loaded.configuration.tskubelet.manifestsPath, join(directory, "m"));
});

test("taints and labels are read from flags", async () => {
  const taints = "--register-with-taints=a=b:NoSchedule,c:NoExecute";
  const loaded = await valid(taints, "--node-labels", "example.org/x=1,y=", "--node-ip=10.0.0.1");
  assert.deepEqual(
    loaded.kubelet.registerWithTaints.map(({ key, value, effect }) => `${key}=${value}:${effect}`),
    ["a=b:NoSchedule", "c=:NoExecute"],
  );
  assert.deepEqual(loaded.node.options.nodeLabels, { "example.org/x": "1", y: "" });
  assert.deepEqual(loaded.node.options.nodeIps, ["10.0.0.1"]);
  assert.deepEqual(loaded.node.origins.nodeIps, { kind: "flag", flag: "--node-ip" });
  assert.deepEqual(loaded.node.origins.rootDir, { kind: "default" });
  assert.deepEqual(await problems("--register-with-taints=a"), [
    'flag --register-with-taints: "a": expected KEY=VALUE:EFFECT',
  ]);
  assert.deepEqual(await problems("--node-labels=a"), ['flag --node-labels: "a": expected KEY=VALUE']);
  assert.match((await problems("--node-labels=a=b c"))[0] ?? "", /^flag --node-labels: "a=b c": a valid label must/);
});

test("an invalid value from a flag is blamed on the flag", async () => {
  const found = await problems("-v", "-3");
  assert.deepEqual(found, ["flag -v: -3 is out of range for uint32"]);
});

test("a bare path is a socket, as an endpoint from a flag", async () => {
  const loaded = await valid("--container-runtime-endpoint", "/run/crio/crio.sock");
  assert.equal(loaded.kubelet.containerRuntimeEndpoint, "unix:///run/crio/crio.sock");
});

test("without flags the root directory is the default and certificates stand in it", async () => {
  const { node } = await valid("--root-dir", "state");
  assert.equal(node.options.rootDir, join(directory, "state"));
  assert.equal(node.options.certDir, join(directory, "state/pki"));
  assert.equal((await valid()).node.options.rootDir, "/var/lib/tskubelet");
});
