import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ConfigurationDocument,
  type ConfigurationFile,
  type ConfigurationInput,
  type EffectiveConfiguration,
  effectiveConfiguration,
} from "./effective-configuration.ts";
import type { JsonObject } from "./field.ts";
import { formatOrigin, originOf } from "./origin.ts";
import type { Path } from "./path.ts";
import { formatProblem } from "./problem.ts";

/** A document whose n-th key (from 1) stands on line n. */
function document(value: JsonObject): ConfigurationDocument {
  const lineOf = (path: Path) => Math.max(1, Object.keys(value).indexOf(String(path[0])) + 1);
  return { value, lineOf };
}

function kubeletFile(file: string, value: JsonObject): ConfigurationFile {
  const head = { apiVersion: "kubelet.config.k8s.io/v1beta1", kind: "KubeletConfiguration" };
  return { file, documents: [document({ ...head, ...value })] };
}

const base = (value: JsonObject) => kubeletFile("/etc/kubelet.yaml", value);
const dropIn = (value: JsonObject) => kubeletFile("/etc/kubelet.d/10.conf", value);

function valid(input: ConfigurationInput): EffectiveConfiguration {
  const result = effectiveConfiguration(input);
  assert.ok("configuration" in result, "problems" in result ? result.problems.map(formatProblem).join("\n") : "");
  return result.configuration;
}

function problems(input: ConfigurationInput): readonly string[] {
  const result = effectiveConfiguration(input);
  return "problems" in result ? result.problems.map(formatProblem) : [];
}

function origin({ kubeletOrigins }: EffectiveConfiguration, ...path: Path): string {
  return formatOrigin(originOf(kubeletOrigins, path));
}

test("an unknown field is an error with its line and the name that was meant", () => {
  const found = problems({ base: base({ evictionHrad: {}, logging: { verbose: 1 }, manifestsPath: "/x", zzz: 1 }) });
  assert.deepEqual(found, [
    '/etc/kubelet.yaml:3: unknown field "evictionHrad" (did you mean "evictionHard"?)',
    '/etc/kubelet.yaml:4: unknown field "logging.verbose" (did you mean "logging.verbosity"?)',
    '/etc/kubelet.yaml:5: unknown field "manifestsPath"; it belongs to TskubeletConfiguration tskubelet.dev/v1alpha1',
    '/etc/kubelet.yaml:6: unknown field "zzz"',
  ]);
});

test("a name of another case is another field", () => {
  const found = problems({ base: base({ maxpods: 5 }) });
  assert.deepEqual(found, ['/etc/kubelet.yaml:3: unknown field "maxpods" (did you mean "maxPods"?)']);
});

test("names of Object.prototype are unknown fields too", () => {
  assert.deepEqual(problems({ base: base({ constructor: 1 }) }), ['/etc/kubelet.yaml:3: unknown field "constructor"']);
});

const wrongTypes: readonly (readonly [JsonObject, string])[] = [
  [{ maxPods: "20" }, 'maxPods: expected an integer, got the string "20"'],
  [{ maxPods: 1.5 }, "maxPods: expected an integer, got number 1.5"],
  [{ maxPods: 2 ** 31 }, "maxPods: 2147483648 is out of range for int32"],
  [{ enableServer: "yes" }, 'enableServer: expected true or false, got the string "yes"'],
  [{ clusterDNS: "10.0.0.1" }, 'clusterDNS: expected a list, got the string "10.0.0.1"'],
  [{ clusterDNS: [null] }, "clusterDNS[0]: expected a string, got null"],
  [{ clusterDNS: [10] }, "clusterDNS[0]: expected a string, got number 10; put it in quotes"],
  [
    { evictionHard: { "memory.available": 100 } },
    "evictionHard[memory.available]: expected a string, got number 100; put it in quotes",
  ],
  [{ syncFrequency: 10 }, 'syncFrequency: expected a duration such as 1m30s, got number 10; write "10s"'],
  [{ syncFrequency: "10" }, 'syncFrequency: time: missing unit in duration "10"'],
  [{ syncFrequency: "ten" }, 'syncFrequency: time: invalid duration "ten"'],
  [{ logging: true }, "logging: expected a mapping, got boolean true"],
  [{ featureGates: { X: "true" } }, 'featureGates.X: expected true or false, got the string "true"'],
  [
    { cgroupDriver: "systmd" },
    'cgroupDriver: option "systmd" is not valid. Valid options are "cgroupfs" or "systemd" (did you mean "systemd"?)',
  ],
  [{ kubeReserved: { cpu: "1kk" } }, 'kubeReserved.cpu: "1kk": unable to parse quantity\'s suffix'],
  [{ registerWithTaints: ["a"] }, 'registerWithTaints[0]: expected a mapping, got the string "a"'],
];

for (const [value, message] of wrongTypes) {
  test(`a wrong type is an error with its line: ${JSON.stringify(value)}`, () => {
    assert.deepEqual(problems({ base: base(value) }), [`/etc/kubelet.yaml:3: ${message}`]);
  });
}

test("flushFrequency takes nanoseconds, ResourceList limits take bare numbers, as in the kubelet", () => {
  const config = valid({
    base: base({
      logging: { flushFrequency: 1_500_000_000 },
      reservedMemory: [{ numaNode: 0, limits: { memory: 1024 } }],
    }),
  });
  assert.equal(config.kubelet.logging.flushFrequency, "1.5s");
  assert.deepEqual(config.kubelet.reservedMemory, [{ numaNode: 0, limits: { memory: "1024" } }]);
});

test("a document must say what it is", () => {
  const files = (value: JsonObject) => ({ base: { file: "/f", documents: [document(value)] } });
  const known = "kubelet.config.k8s.io/v1beta1 KubeletConfiguration, tskubelet.dev/v1alpha1 TskubeletConfiguration";
  assert.deepEqual(problems(files({ maxPods: 1 })), [`/f:1: no apiVersion; expected one of: ${known}`]);
  assert.deepEqual(problems(files({ apiVersion: "v1", kind: "Pod" })), [
    '/f:1: unknown apiVersion and kind: "v1" "Pod"',
  ]);
  const near = "(did you mean kubelet.config.k8s.io/v1beta1 KubeletConfiguration?)";
  const old = files({ apiVersion: "kubelet.config.k8s.io/v1alpha1", kind: "KubeletConfiguration" });
  assert.deepEqual(problems(old), [
    `/f:1: unknown apiVersion and kind: "kubelet.config.k8s.io/v1alpha1" "KubeletConfiguration" ${near}`,
  ]);
});

test("two documents of one kind in one file are an error", () => {
  const one = base({ maxPods: 1 });
  const found = problems({ base: { file: "/f", documents: [...one.documents, ...one.documents] } });
  assert.deepEqual(found, ["/f:1: a second KubeletConfiguration in one file"]);
});

test("all problems of all files are reported at once", () => {
  const found = problems({ base: base({ maxPods: "1" }), dropIns: [dropIn({ port: "2" })] });
  assert.equal(found.length, 2);
  assert.match(found[1] ?? "", /^drop-in \/etc\/kubelet\.d\/10\.conf:3: port/);
});

test("a drop-in replaces lists and merges maps and nested fields", () => {
  const config = valid({
    base: base({ clusterDNS: ["10.0.0.1", "10.0.0.2"], systemReserved: { cpu: "1" }, logging: { format: "json" } }),
    dropIns: [dropIn({ clusterDNS: ["10.0.0.3"], systemReserved: { memory: "1Gi" }, logging: { verbosity: 3 } })],
  });
  assert.deepEqual(config.kubelet.clusterDNS, ["10.0.0.3"]);
  assert.deepEqual(config.kubelet.systemReserved, { cpu: "1", memory: "1Gi" });
  assert.equal(config.kubelet.logging.format, "json");
  assert.equal(config.kubelet.logging.verbosity, 3);
  assert.equal(origin(config, "clusterDNS"), "drop-in /etc/kubelet.d/10.conf:3");
  assert.equal(origin(config, "systemReserved", "cpu"), "/etc/kubelet.yaml:4");
  assert.equal(origin(config, "systemReserved", "memory"), "drop-in /etc/kubelet.d/10.conf:4");
});

test("a later drop-in wins", () => {
  const later = kubeletFile("/etc/kubelet.d/20.conf", { maxPods: 30 });
  const config = valid({ base: base({ maxPods: 10 }), dropIns: [dropIn({ maxPods: 20 }), later] });
  assert.equal(config.kubelet.maxPods, 30);
  assert.equal(origin(config, "maxPods"), "drop-in /etc/kubelet.d/20.conf:3");
});

test("evictionHard in the base file replaces the default thresholds, in a drop-in it adds to them", () => {
  const replaced = valid({ base: base({ evictionHard: { "memory.available": "1Gi" } }) });
  assert.deepEqual(replaced.kubelet.evictionHard, { "memory.available": "1Gi" });
  const added = valid({ base: base({}), dropIns: [dropIn({ evictionHard: { "memory.available": "1Gi" } })] });
  assert.equal(Object.keys(added.kubelet.evictionHard).length, 5);
  assert.equal(added.kubelet.evictionHard["memory.available"], "1Gi");
  assert.equal(origin(added, "evictionHard", "nodefs.available"), "default");
});

test("mergeDefaultEvictionSettings keeps the default of every signal that is not named", () => {
  const hard = { "memory.available": "1Gi" };
  const config = valid({ base: base({ mergeDefaultEvictionSettings: true, evictionHard: hard }) });
  assert.equal(config.kubelet.evictionHard["memory.available"], "1Gi");
  assert.equal(config.kubelet.evictionHard["imagefs.available"], "15%");
});

test("an empty evictionHard turns the thresholds off", () => {
  const config = valid({ base: base({ evictionHard: {} }) });
  assert.deepEqual(config.kubelet.evictionHard, {});
  assert.equal(origin(config, "evictionHard"), "/etc/kubelet.yaml:3");
});

test("null takes an earlier value away: the default holds again", () => {
  const config = valid({
    base: base({ maxPods: 10, evictionHard: { "memory.available": "1Gi", "nodefs.available": "1%" } }),
    dropIns: [dropIn({ maxPods: null, evictionHard: { "nodefs.available": null } })],
  });
  assert.equal(config.kubelet.maxPods, 110);
  assert.equal(origin(config, "maxPods"), "default");
  assert.deepEqual(config.kubelet.evictionHard, { "memory.available": "1Gi" });
});

test("a zero is a value where the kubelet can tell it from an absent one, else the default", () => {
  const config = valid({
    base: base({ maxPods: 0, syncFrequency: "0s", address: "", healthzPort: 0, eventRecordQPS: 0, resolvConf: "" }),
  });
  const { maxPods, syncFrequency, address, healthzPort, eventRecordQPS, resolvConf } = config.kubelet;
  assert.deepEqual([maxPods, syncFrequency, address], [110, "1m0s", "0.0.0.0"]);
  assert.deepEqual([healthzPort, eventRecordQPS, resolvConf], [0, 0, ""]);
  assert.equal(origin(config, "maxPods"), "default");
  assert.equal(origin(config, "healthzPort"), "/etc/kubelet.yaml:6");
});

test("defaults that depend on other fields follow them", () => {
  const config = valid({
    base: base({ nodeStatusUpdateFrequency: "20s", maxParallelImagePulls: 3, podPidsLimit: -7 }),
  });
  assert.equal(config.kubelet.nodeStatusReportFrequency, "20s");
  assert.equal(config.kubelet.serializeImagePulls, false);
  assert.equal(config.kubelet.podPidsLimit, -1);
});

test("a feature gate decides which fields have a default", () => {
  const gates = { KubeletCrashLoopBackOffMax: false, KubeletEnsureSecretPulledImages: true };
  const config = valid({ dropIns: [dropIn({ featureGates: gates })] });
  assert.deepEqual(config.kubelet.crashLoopBackOff, {});
  assert.equal(config.kubelet.imagePullCredentialsVerificationPolicy, "NeverVerifyPreloadedImages");
});

test("a flag wins over files and drop-ins, the later flag over the earlier", () => {
  const flag = (value: number) => ({ part: "kubelet", path: ["logging", "verbosity"], value, flag: "-v" }) as const;
  const config = valid({
    base: base({ logging: { verbosity: 1, format: "json" } }),
    dropIns: [dropIn({ logging: { verbosity: 2 } })],
    flags: [flag(3), flag(4)],
  });
  assert.equal(config.kubelet.logging.verbosity, 4);
  assert.equal(config.kubelet.logging.format, "json");
  assert.equal(origin(config, "logging", "verbosity"), "flag -v");
});

test("a standalone default holds only where nobody sets the field, a zero included", () => {
  const overrides = [{ part: "kubelet", path: ["readOnlyPort"], value: 10255, reason: "no control plane" }] as const;
  const alone = valid({ overrides });
  assert.equal(alone.kubelet.readOnlyPort, 10255);
  assert.equal(origin(alone, "readOnlyPort"), "standalone default (no control plane)");
  assert.equal(valid({ overrides, base: base({ readOnlyPort: 0 }) }).kubelet.readOnlyPort, 0);
});

test("paths are relative to the file that names them", () => {
  const config = valid({
    base: base({ staticPodPath: "manifests", authentication: { x509: { clientCAFile: "../pki/./ca.crt" } } }),
    dropIns: [dropIn({ tlsCertFile: "tls.crt", resolvConf: "/run/resolv.conf" })],
  });
  assert.equal(config.kubelet.staticPodPath, "/etc/manifests");
  assert.equal(config.kubelet.authentication.x509.clientCAFile, "/pki/ca.crt");
  assert.equal(config.kubelet.tlsCertFile, "/etc/kubelet.d/tls.crt");
  assert.equal(config.kubelet.resolvConf, "/run/resolv.conf");
});

test("the extension is a second document of the same file", () => {
  const extension = document({
    apiVersion: "tskubelet.dev/v1alpha1",
    kind: "TskubeletConfiguration",
    images: { build: false },
  });
  const file = base({ maxPods: 9 });
  const config = valid({ base: { ...file, documents: [...file.documents, extension] } });
  assert.equal(config.tskubelet.images.build, false);
  assert.equal(config.tskubelet.network.bridgeName, "tskubelet0");
  assert.equal(config.kubelet.maxPods, 9);
});

test("an objection of the validation names the place of the value", () => {
  assert.deepEqual(problems({ base: base({ clusterDomain: "x", port: 70000 }) }), [
    "/etc/kubelet.yaml:4: invalid configuration: port (--port) 70000 must be between 1 and 65535, inclusive",
  ]);
});

test("the input is not changed", () => {
  const value: JsonObject = Object.freeze({ evictionHard: Object.freeze({ "memory.available": "1Gi" }) });
  valid({ base: base(value), dropIns: [dropIn({ evictionHard: { "nodefs.available": "1%" } })] });
  assert.deepEqual(value, { evictionHard: { "memory.available": "1Gi" } });
});
