import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { checkConfig } from "./check-config.ts";
import { configurationDoc } from "./check-config-doc.ts";
import { parseCommandLine } from "./flags.ts";

let directory = "";
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "check-config-"));
});
after(() => rm(directory, { recursive: true }));

const head = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n";

async function check(text: string, ...args: readonly string[]) {
  const file = join(directory, "kubelet.yaml");
  await writeFile(file, text);
  const command = parseCommandLine(["check-config", "--config", file, ...args]);
  assert.ok(!("usageError" in command) && command.name === "check-config");
  const written = { out: "", err: "" };
  const out = (part: string) => {
    written.out += part;
  };
  const err = (part: string) => {
    written.err += part;
  };
  const code = await checkConfig(command, { cwd: directory, out, err });
  return { code, file, ...written };
}

test("the table has a line for each value, with its origin", async () => {
  const { code, file, out } = await check(
    `${head}syncFrequency: 30s\nsystemReserved: {cpu: "1", memory: 1Gi}\n`,
    "-v",
    "2",
  );
  assert.equal(code, 0);
  const lines = out.split("\n").map((line) => line.split(/ {2,}/));
  assert.deepEqual(lines[0], ["FIELD", "VALUE", "ORIGIN"]);
  const row = (name: string) => lines.find(([first]) => first === name)?.slice(1);
  assert.deepEqual(row("syncFrequency"), ["30s", `${file}:3`]);
  assert.deepEqual(row("systemReserved.memory"), ["1Gi", `${file}:4`]);
  assert.deepEqual(row("logging.verbosity"), ["2", "flag -v"]);
  assert.deepEqual(row("readOnlyPort"), ["10255", "standalone default (no control plane)"]);
  assert.deepEqual(row("fileCheckFrequency"), ["20s", "default"]);
  assert.deepEqual(row("--root-dir"), ["/var/lib/tskubelet", "default"]);
});

test("wide adds the state of each field", async () => {
  const { out } = await check(head, "-o", "wide");
  assert.match(out, /^syncFrequency +1m0s +default +used +Longest time/m);
  assert.match(out, /^iptablesDropBit +15 +default +no effect/m);
});

test("json has values, origins and what is not built", async () => {
  const { out, file } = await check(`${head}syncFrequency: 30s\nfeatureGates: {MemoryQoS: true}\n`, "-o", "json");
  const parsed = JSON.parse(out);
  assert.equal(parsed.kubelet.syncFrequency, "30s");
  assert.deepEqual(parsed.origins.kubelet.syncFrequency, { kind: "file", file, line: 3 });
  assert.equal(parsed.options.rootDir, "/var/lib/tskubelet");
  assert.deepEqual(parsed.notBuiltYet[0].path, "featureGates.MemoryQoS");
});

test("yaml can be given back and then gives the same values", async () => {
  const first = await check(
    `${head}syncFrequency: 30s\nclusterDNS: [10.0.0.1]\nevictionHard: {memory.available: 5%}\nfailCgroupV1: true\n`,
    "-o",
    "yaml",
  );
  assert.match(first.out, /^syncFrequency: 30s # .*kubelet\.yaml:3$/m);
  assert.match(first.out, /^# .*kubelet\.yaml:4\nclusterDNS:$/m);
  const again = await check(first.out, "-o", "json");
  assert.equal(again.code, 0, again.err);
  const direct = JSON.parse(
    (
      await check(
        `${head}syncFrequency: 30s\nclusterDNS: [10.0.0.1]\nevictionHard: {memory.available: 5%}\nfailCgroupV1: true\n`,
        "-o",
        "json",
      )
    ).out,
  );
  const parsed = JSON.parse(again.out);
  assert.deepEqual(parsed.kubelet, direct.kubelet);
  assert.deepEqual(parsed.tskubelet, direct.tskubelet);
});

test("what is not built yet is a warning on standard error and no failure", async () => {
  const { code, err, file } = await check(`${head}featureGates:\n  MemoryQoS: true\n`);
  assert.equal(code, 0);
  assert.match(err, new RegExp(`^warning: ${file}:4: featureGates\\.MemoryQoS=true has no effect yet: .+\\n$`));
});

test("an invalid configuration exits with 1 and prints nothing else", async () => {
  const { code, out, err, file } = await check(`${head}maxPods: many\n`);
  assert.deepEqual([code, out], [1, ""]);
  assert.equal(err, `${file}:3: maxPods: expected an integer, got the string "many"\n`);
});

test("docs/configuration.md is what the tables say (scripts/write-configuration-doc.ts writes it)", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/configuration.md"), "utf8");
  assert.equal(page, configurationDoc());
});
