import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Container, ObjectMeta, Pod, PodSpec } from "../../api/types.ts";
import { defaultPod } from "../defaults.ts";
import { validatePod } from "./validate-pod.ts";

/** Texts of what is wrong with a pod of one good container, changed as told. */
function errorsOf(spec: Partial<PodSpec>, container: Partial<Container> = {}, meta: ObjectMeta = {}): string[] {
  const pod: Pod = {
    metadata: { name: "web", namespace: "default", ...meta },
    spec: { containers: [{ name: "c", image: "x", ...container }], ...spec },
  };
  return validatePod(defaultPod(pod), { rules: "reference" }).map((error) =>
    error.text.replace(/^spec\.containers\[0\]\./, "c."),
  );
}

function volumeErrors(source: object): string[] {
  return errorsOf({ volumes: [{ name: "v", ...source }] }).map((text) => text.replace("spec.volumes[0].", ""));
}

describe("validatePod, where the API is newer than the reference", () => {
  it("takes probes and hooks of sidecars, and of no other init container", () => {
    const lifecycle = { preStop: { sleep: { seconds: 5 } } };
    const sidecar = { name: "s", image: "x", restartPolicy: "Always", readinessProbe: { exec: {} }, lifecycle };
    assert.deepEqual(errorsOf({ initContainers: [sidecar] }), [
      "spec.initContainers[0].readinessProbe.exec.command: Required value",
    ]);
    assert.deepEqual(errorsOf({ initContainers: [{ name: "s", image: "x", lifecycle }] }), [
      "spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers",
    ]);
  });

  it("wants a sleep to fit into the pod's grace period", () => {
    const sleep = (seconds: number) => errorsOf({}, { lifecycle: { preStop: { sleep: { seconds } } } });
    assert.deepEqual([sleep(0), sleep(30)], [[], []]);
    for (const seconds of [-1, 31]) {
      assert.deepEqual(sleep(seconds), [
        `c.lifecycle.preStop.sleep: Invalid value: ${seconds}: must be non-negative and less than ` +
          "terminationGracePeriodSeconds (30)",
      ]);
    }
    const both = { sleep: { seconds: 1 }, exec: { command: ["true"] } };
    assert.deepEqual(errorsOf({}, { lifecycle: { postStart: both } }), [
      "c.lifecycle.postStart.sleep: Forbidden: may not specify more than 1 handler type",
    ]);
  });

  it("knows the restart policies and rules of containers", () => {
    const rule = (operator: string, values: number[] = []) => ({
      action: "Restart",
      exitCodes: { operator, values },
    });
    const fine = { restartPolicy: "Never", restartPolicyRules: [rule("In", [1, 2]), rule("NotIn", [0])] };
    assert.deepEqual(errorsOf({}, fine), []);
    assert.deepEqual(errorsOf({}, { restartPolicyRules: [rule("In", [1])] }), [
      "c.restartPolicy: Required value: must specify restartPolicy when restart rules are used",
    ]);
    assert.deepEqual(errorsOf({}, { restartPolicy: "Sometimes" }), [
      'c.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
    ]);
    const wrong = { restartPolicy: "Never", restartPolicyRules: [{ action: "Stop" }, rule("Equals", [1])] };
    assert.deepEqual(errorsOf({}, wrong), [
      'c.restartPolicyRules[0].action: Unsupported value: "Stop": supported values: "Restart"',
      "c.restartPolicyRules[0].exitCodes: Required value: must be specified",
      'c.restartPolicyRules[1].exitCodes.operator: Unsupported value: "Equals": supported values: "In", "NotIn"',
    ]);
    const many = { restartPolicy: "Never", restartPolicyRules: Array.from({ length: 21 }, () => rule("In", [1])) };
    assert.deepEqual(errorsOf({}, many), ["c.restartPolicyRules: Too many: 21: must have at most 20 items"]);
    const ephemeral = { name: "e", image: "x", restartPolicy: "Always" };
    assert.equal(
      errorsOf({ ephemeralContainers: [ephemeral] })[0],
      "spec.ephemeralContainers[0].restartPolicy: Forbidden: cannot be set for an Ephemeral Container",
    );
  });
});

describe("validatePod, where the reference has words of its own", () => {
  it("prints structures as Go does, addresses left out", () => {
    const tolerations = [{ key: "a", operator: "Exists", value: "x", tolerationSeconds: 1, effect: "NoExecute" }];
    assert.deepEqual(errorsOf({ tolerations }), [
      'spec.tolerations[0].operator: Invalid value: core.Toleration{Key:"a", Operator:"Exists", Value:"x", ' +
        "Effect:\"NoExecute\", TolerationSeconds:(*int64)(0xADDR)}: value must be empty when `operator` is 'Exists'",
    ]);
    assert.deepEqual(errorsOf({}, { resources: { limits: { "a.b/gpu": "1.5" }, requests: { "a.b/gpu": "1500m" } } }), [
      "c.resources.limits[a.b/gpu]: Invalid value: resource.Quantity{i:resource.int64Amount{value:15, scale:-1}, " +
        'd:resource.infDecAmount{Dec:(*inf.Dec)(nil)}, s:"", Format:"DecimalSI"}: must be an integer',
      "c.resources.requests[a.b/gpu]: Invalid value: resource.Quantity{i:resource.int64Amount{value:1500, scale:-3}, " +
        'd:resource.infDecAmount{Dec:(*inf.Dec)(nil)}, s:"1500m", Format:"DecimalSI"}: must be an integer',
    ]);
    assert.deepEqual(errorsOf({ dnsConfig: { nameservers: ["::1", "::2", "::3", "::4"] } }), [
      'spec.dnsConfig.nameservers: Invalid value: []string{"::1", "::2", "::3", "::4"}: must not have more than 3 nameservers',
    ]);
    assert.deepEqual(errorsOf({ activeDeadlineSeconds: 2 ** 63 }), [
      "spec.activeDeadlineSeconds: Invalid value: 9223372036854775807: must be between 1 and 2147483647, inclusive",
    ]);
  });

  it("lets exactly one source make a volume, under the reference's field names", () => {
    assert.deepEqual(volumeErrors({ emptyDir: {}, cephfs: { monitors: [] }, downwardAPI: {} }), [
      "cephFS: Forbidden: may not specify more than 1 volume type",
      "downwarAPI: Forbidden: may not specify more than 1 volume type",
    ]);
    assert.deepEqual(volumeErrors({ gcePersistentDisk: { pdName: "", partition: 256 } }), [
      "persistentDisk.pdName: Required value",
      "persistentDisk.partition: Invalid value: 256: must be between 1 and 255, inclusive",
    ]);
    assert.deepEqual(volumeErrors({ hostPath: { path: "/a", type: "Dir" } }), [
      'hostPath.type: Unsupported value: "Dir": supported values: "", "BlockDevice", "CharDevice", "Directory", ' +
        '"DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
    ]);
  });

  it("looks into what outside storage needs", () => {
    assert.deepEqual(volumeErrors({ iscsi: { targetPortal: "p", iqn: "foo", lun: 300, chapAuthSession: true } }), [
      'iscsi.iqn: Invalid value: "foo": must be valid format starting with iqn, eui, or naa',
      "iscsi.lun: Invalid value: 300: must be between 0 and 255, inclusive",
      "iscsi.secretRef: Required value",
    ]);
    assert.deepEqual(volumeErrors({ fc: { targetWWNs: ["a"], wwids: ["b"] } }), [
      'fc.targetWWNs: Invalid value: []string{"a"}: targetWWNs and wwids can not be specified simultaneously',
      "fc.lun: Required value: lun is required if targetWWNs is specified",
    ]);
    assert.deepEqual(volumeErrors({ quobyte: { registry: "a:1,b", volume: "" } }), [
      'quobyte.registry: Invalid value: "a:1,b": must be a host:port pair or multiple pairs separated by commas',
      "quobyte.volume: Required value",
    ]);
    assert.deepEqual(volumeErrors({ flexVolume: { driver: "d", options: { "A.K8S.io/x": "y" } } }), [
      'flexVolume.options[A.K8S.io/x]: Invalid value: "A.K8S.io/x": kubernetes.io and k8s.io namespaces are reserved',
    ]);
    assert.deepEqual(volumeErrors({ azureDisk: { diskName: "d", diskURI: "x", kind: "Managed" } }), [
      'azureDisk.diskURI: Unsupported value: "x": supported values: "/subscriptions/{sub-id}/resourcegroups/{group-name}' +
        '/providers/microsoft.compute/disks/{disk-id}"',
    ]);
  });

  it("checks the claim that an ephemeral volume makes, down to the path shown as a value", () => {
    const dataSource = { kind: "PersistentVolumeClaim", name: "a" };
    const spec = { accessModes: ["Once"], dataSource, dataSourceRef: { ...dataSource, name: "b" } };
    assert.deepEqual(volumeErrors({ ephemeral: { volumeClaimTemplate: { metadata: { uid: "u" }, spec } } }), [
      "ephemeral.volumeClaimTemplate.metadata.uID: Forbidden: cannot be set",
      'ephemeral.volumeClaimTemplate.spec.accessModes: Unsupported value: "Once": supported values: "ReadOnlyMany", ' +
        '"ReadWriteMany", "ReadWriteOnce"',
      "ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value",
      'ephemeral.volumeClaimTemplate.spec: Invalid value: field.Path{name:"dataSource", index:"", ' +
        "parent:(*field.Path)(0xADDR)}: must match dataSourceRef",
    ]);
  });

  it("finds files of a projected volume that would overwrite each other", () => {
    const items = [{ key: "k", path: "same" }];
    const sources = [{ secret: { name: "s", items } }, { configMap: { name: "m", items } }];
    assert.deepEqual(volumeErrors({ projected: { sources } }), [
      'projected: Invalid value: "m": conflicting duplicate paths',
    ]);
  });

  it("knows which fields the downward API offers where", () => {
    const fieldRef = (fieldPath: string) =>
      errorsOf({}, { env: [{ name: "A", valueFrom: { fieldRef: { fieldPath } } }] });
    const at = "c.env[0].valueFrom.fieldRef";
    assert.deepEqual(fieldRef("metadata.labels['a']"), []);
    assert.match(
      fieldRef("metadata.labels")[0] ?? "",
      /Unsupported value: "metadata.labels": supported values: "metadata.name"/,
    );
    assert.deepEqual(fieldRef("spec.nodeName['a']"), [
      `${at}.fieldPath: Invalid value: "spec.nodeName['a']": error converting fieldPath: field label does not support ` +
        "subscript: spec.nodeName['a']",
    ]);
    assert.deepEqual(fieldRef("spec.host"), []);
    const divisor = { resource: "limits.memory", divisor: "3" };
    assert.match(
      errorsOf({}, { env: [{ name: "A", valueFrom: { resourceFieldRef: divisor } }] })[0] ?? "",
      /divisor: Invalid value: "limits.memory": only divisor's values 1, 1k, .* 1Ei are supported with the memory resource$/,
    );
  });

  it("keeps block devices and mounts apart", () => {
    const volumes = [{ name: "v", emptyDir: {} }];
    const container = {
      volumeMounts: [{ name: "v", mountPath: "/m", mountPropagation: "Bidirectional" }],
      volumeDevices: [{ name: "v", devicePath: "/m/../x" }],
    };
    assert.deepEqual(errorsOf({ volumes }, container), [
      'c.volumeMounts[0].name: Invalid value: "v": must not already exist in volumeDevices',
      "c.volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers",
      'c.volumeDevices[0].name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or Ephemeral ' +
        "for block mode",
      "c.volumeDevices[0].devicePath: Invalid value: \"/m/../x\": can not contain backsteps ('..')",
      'c.volumeDevices[0].name: Invalid value: "v": must not already exist in volumeMounts',
    ]);
  });

  it("counts host ports across containers, but each init container alone", () => {
    const ports = [{ containerPort: 1, hostPort: 9, hostIP: "1.1.1.1" }];
    const init = [{ name: "i", image: "x", ports }];
    const containers = [
      { name: "a", image: "x", ports },
      { name: "b", image: "x", ports },
    ];
    assert.deepEqual(errorsOf({ containers, initContainers: init }), [
      'spec.containers[1].ports[0].hostPort: Duplicate value: "TCP/1.1.1.1/9"',
    ]);
    assert.deepEqual(errorsOf({ hostNetwork: true }, { ports: [{ containerPort: 1, hostPort: 2 }] }), [
      "c.ports[0].containerPort: Invalid value: 1: must match `hostPort` when `hostNetwork` is true",
    ]);
  });

  it("keeps huge pages whole and with cpu or memory", () => {
    assert.deepEqual(errorsOf({}, { resources: { limits: { cpu: "1", "hugepages-2Mi": "3Mi" } } }), [
      'c.resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
      'c.resources.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
    ]);
    assert.match(errorsOf({ overhead: { bogus: "1" } })[0] ?? "", /^spec\.overhead\.limits\[bogus\]: Invalid value/);
  });

  it("separates Windows, Linux and user namespaces", () => {
    const windowsOptions = { hostProcess: true, runAsUserName: "a/b" };
    assert.deepEqual(errorsOf({ os: { name: "linux" }, hostNetwork: true, securityContext: { windowsOptions } }), [
      'spec.securityContext.windowsOptions.runAsUserName: Invalid value: "a/b": runAsUserName\'s User cannot contain the ' +
        'following characters: "/\\:;|=,+*?<>@[]',
      "spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod",
    ]);
    assert.deepEqual(errorsOf({ os: { name: "windows" }, hostIPC: true }, { securityContext: { privileged: false } }), [
      "spec.hostIPC: Forbidden: cannot be set for a windows pod",
      "c.securityContext.privileged: Forbidden: cannot be set for a windows pod",
    ]);
    assert.deepEqual(errorsOf({ hostUsers: false, hostPID: true, volumes: [{ name: "v", hostPath: { path: "/" } }] }), [
      "spec.volumes[0]: Forbidden: volume type not supported when `pod.Spec.HostUsers` is false",
      "spec.HostPID: Forbidden: when `pod.Spec.HostUsers` is false",
    ]);
  });

  it("compares seccomp annotations with fields, and reads the other annotations of a pod", () => {
    const annotations = {
      "seccomp.security.alpha.kubernetes.io/pod": "localhost/a",
      "container.apparmor.security.beta.kubernetes.io/nobody": "unconfined",
      "controller.kubernetes.io/pod-deletion-cost": "+1",
      "scheduler.alpha.kubernetes.io/tolerations": '[{"key": "a", "operator": "X"}]',
    };
    const seccompProfile = { type: "Localhost", localhostProfile: "b" };
    assert.deepEqual(errorsOf({ securityContext: { seccompProfile } }, {}, { annotations }), [
      'metadata.annotations.scheduler.alpha.kubernetes.io/tolerations[0].operator: Unsupported value: "X": supported ' +
        'values: "Equal", "Exists"',
      'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+1": must be a 32bit integer',
      'metadata.annotations[container.apparmor.security.beta.kubernetes.io/nobody]: Invalid value: "nobody": container not found',
      "spec.securityContext.seccompProfile.localhostProfile: Forbidden: seccomp profile in annotation and field must match",
    ]);
  });

  it("checks selectors of affinity down to their values", () => {
    const labelSelector = { matchExpressions: [{ key: "a", operator: "In", values: ["b c"] }] };
    const term = { topologyKey: "z", labelSelector, namespaces: ["A"] };
    const errors = errorsOf({
      affinity: {
        podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 0, podAffinityTerm: term }] },
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } },
      },
    });
    const anti = "spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0]";
    assert.deepEqual(
      errors.map((text) => text.split(": ", 3).join(": ")),
      [
        "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: " +
          "must have at least one node selector term",
        `${anti}.weight: Invalid value: 0`,
        `${anti}.podAffinityTerm.labelSelector.matchExpressions[0].values[0]: Invalid value: "b c"`,
        `${anti}.podAffinityTerm.namespace: Invalid value: "A"`,
      ],
    );
  });

  it("refuses ephemeral containers, and what they could not have anyway", () => {
    const ephemeralContainers = [
      {
        name: "c",
        image: " x",
        targetContainerName: "z",
        ports: [{ containerPort: 1 }],
        resources: { limits: { cpu: "1" } },
      },
    ];
    assert.deepEqual(errorsOf({ ephemeralContainers }), [
      'spec.ephemeralContainers[0].image: Invalid value: " x": must not have leading or trailing whitespace',
      'spec.ephemeralContainers[0].name: Duplicate value: "c"',
      'spec.ephemeralContainers[0].targetContainerName: Not found: "z"',
      "spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container",
      "spec.ephemeralContainers[0].resources: Forbidden: cannot be set for an Ephemeral Container",
      "spec.ephemeralContainers: Forbidden: cannot be set on create",
    ]);
  });

  it("knows names that are long in bytes, not in letters", () => {
    const [error = ""] = errorsOf({ hostname: "ä".repeat(32) });
    assert.equal(error, `spec.hostname: Invalid value: "${"ä".repeat(32)}": must be no more than 63 characters`);
  });
});

describe("validatePod, by the rules of today", () => {
  const CONTAINER = { name: "c", image: "x" };
  const check = (spec: Partial<PodSpec>) => {
    const pod = defaultPod({ metadata: { name: "p", namespace: "ns" }, spec: { containers: [CONTAINER], ...spec } });
    return validatePod(pod).map(({ field }) => field);
  };

  it("takes status.hostIPs in a variable, but not another unknown field", () => {
    const env = (fieldPath: string) => [{ name: "A", valueFrom: { fieldRef: { fieldPath } } }];
    assert.deepEqual(check({ containers: [{ ...CONTAINER, env: env("status.hostIPs") }] }), []);
    assert.deepEqual(check({ containers: [{ ...CONTAINER, env: env("status.guestIPs") }] }), [
      "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath",
    ]);
  });

  it("takes any volume in a pod with users of its own, but not the host's network", () => {
    const volumes = [{ name: "v", hostPath: { path: "/" } }];
    assert.deepEqual(check({ hostUsers: false, volumes }), []);
    assert.deepEqual(check({ hostUsers: false, volumes, hostNetwork: true }), ["spec.hostNetwork"]);
  });

  it("checks what came after 1.26", () => {
    const profile = (type: string, localhostProfile?: string) => ({
      appArmorProfile: { type, ...(localhostProfile !== undefined && { localhostProfile }) },
    });
    assert.deepEqual(
      check({ securityContext: { ...profile("Localhost", "p"), supplementalGroupsPolicy: "Strict" } }),
      [],
    );
    assert.deepEqual(check({ securityContext: profile("Runtime") }), ["spec.securityContext.appArmorProfile.type"]);
    const at = "spec.containers[0].securityContext.appArmorProfile.localhostProfile";
    for (const wrong of [profile("Localhost"), profile("Localhost", " p"), profile("Unconfined", "p")]) {
      assert.deepEqual(check({ containers: [{ ...CONTAINER, securityContext: wrong }] }), [at]);
    }
    const policies = { supplementalGroupsPolicy: "Loose", seLinuxChangePolicy: "Some" };
    assert.equal(check({ securityContext: policies }).length, 2);
    assert.deepEqual(check({ hostnameOverride: "web-0.shop" }), []);
    for (const spec of [{ hostnameOverride: "Web" }, { hostnameOverride: "w", setHostnameAsFQDN: true }]) {
      assert.deepEqual(check(spec), ["spec.hostnameOverride"]);
    }
  });

  it("takes up to 32 search domains", () => {
    const searches = (count: number) => ({ searches: Array.from({ length: count }, (_, index) => `d${index}.test`) });
    assert.deepEqual(check({ dnsConfig: searches(32) }), []);
    assert.deepEqual(check({ dnsConfig: searches(33) }), ["spec.dnsConfig.searches"]);
  });
});
