/** Security settings of pods and containers, as the kernel shows them inside; what this node cannot keep is refused. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Pod } from "../../src/core/api/types.ts";
import { AgentNode, BUSYBOX, isRunning, shellPod, statusOf } from "../support/agent-node.ts";

const NET_ADMIN = 1n << 12n;
const CHOWN = 1n << 0n;
const SYS_ADMIN = 1n << 21n;

const APPARMOR = "/sys/module/apparmor/parameters/enabled";
const ENFORCES_APPARMOR = existsSync(APPARMOR) && readFileSync(APPARMOR, "utf8").startsWith("Y");

type Spec = Readonly<Record<string, unknown>>;

describe("security settings", { concurrency: 8 }, () => {
  const node = new AgentNode({
    bridge: "tsksecp0",
    kubelet: { seccompDefault: true, allowedUnsafeSysctls: ["net.core.somaxconn", "kernel.msg*"] },
  });
  before(async () => {
    const profiles = join(node.rootDir, "seccomp", "profiles");
    mkdirSync(profiles, { recursive: true });
    const rule = { names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 1 };
    writeFileSync(join(profiles, "nodirs.json"), JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", syscalls: [rule] }));
    await node.start();
  });
  after(() => node.close());

  /** What a script says in a pod of that security; it must end with "end". */
  async function said(
    name: string,
    script: string,
    context: Spec,
    podContext: Spec = {},
    spec: Spec = {},
  ): Promise<string> {
    const main = container({ command: ["sh", "-c", `${script}; echo end; sleep 1000`], securityContext: context });
    node.write(`${name}.yaml`, shellPod(name, "", { containers: [main], securityContext: podContext, ...spec }));
    return node.untilLog(await node.untilPod(name, "is ready", isRunning), /^end$/m);
  }

  const rejected = (name: string) => node.untilPod(name, "is refused", ({ status }) => status?.phase === "Failed");
  const statusField = (text: string, field: string) => new RegExp(`^${field}:\\s*(\\S+)$`, "m").exec(text)?.[1] ?? "";

  it("users and groups: the pod's, those of the container before them, fsGroup and further ones beside", async () => {
    const pod = { runAsUser: 1000, runAsGroup: 2000, fsGroup: 3000, supplementalGroups: [4000, 4001] };
    const log = await said("users", "id -u; id -g; id -G", { runAsUser: 1001 }, pod);
    assert.deepEqual(log.split("\n").slice(0, 3), ["1001", "2000", "2000 3000 4000 4001"]);
  });

  it("runAsNonRoot: an image or a user that is root is refused in the kubelet's words, another runs", async () => {
    const pods: readonly (readonly [name: string, context: Spec, text: string])[] = [
      ["root-image", { runAsNonRoot: true }, "container has runAsNonRoot and image will run as root"],
      ["root-user", { runAsNonRoot: true, runAsUser: 0 }, "container's runAsUser breaks non-root policy"],
    ];
    for (const [name, securityContext] of pods) {
      node.write(`${name}.yaml`, shellPod(name, "", { containers: [container({ command: ["id"], securityContext })] }));
    }
    for (const [name, , text] of pods) {
      const isWaiting = (pod: Pod) => statusOf(pod)?.state?.waiting?.reason === "CreateContainerConfigError";
      const pod = await node.untilPod(name, "is held back", isWaiting);
      const message = `${text} (pod: "${name}_default(${pod.metadata?.uid})", container: main)`;
      assert.equal(statusOf(pod)?.state?.waiting?.message, message);
    }
    assert.match(await said("other-user", "id -u", { runAsNonRoot: true, runAsUser: 5 }), /^5\n/);
  });

  it("capabilities: dropped, added, and all of them for the privileged", async () => {
    const script = "cat /proc/self/status";
    const effective = async (name: string, context: Spec) =>
      BigInt(`0x${statusField(await said(name, script, context), "CapEff")}`);
    const [usual, none, added, all] = await Promise.all([
      effective("caps-usual", {}),
      effective("caps-none", { capabilities: { drop: ["ALL"] } }),
      effective("caps-added", { capabilities: { add: ["NET_ADMIN"], drop: ["CHOWN"] } }),
      effective("caps-all", { privileged: true }),
    ]);
    assert.equal(none, 0n);
    assert.deepEqual([usual & CHOWN, usual & NET_ADMIN], [CHOWN, 0n]);
    assert.deepEqual([added & CHOWN, added & NET_ADMIN], [0n, NET_ADMIN]);
    assert.deepEqual([all & SYS_ADMIN, usual & SYS_ADMIN], [SYS_ADMIN, 0n]);
  });

  it("no new privileges, and a root filesystem that cannot be written", async () => {
    const script = "cat /proc/self/status; touch /file 2>&1; touch /tmp/file && echo wrote";
    const volumes = [{ name: "tmp", emptyDir: {} }];
    const main = container({
      command: ["sh", "-c", `${script}; echo end; sleep 1000`],
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
      volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
    });
    node.write("closed.yaml", shellPod("closed", "", { containers: [main], volumes }));
    const closed = await node.untilLog(await node.untilPod("closed", "is ready", isRunning), /^end$/m);
    assert.equal(statusField(closed, "NoNewPrivs"), "1");
    assert.match(closed, /file: Read-only file system\n(.*\n)*wrote\n/);
    assert.equal(statusField(await said("open", "cat /proc/self/status", {}), "NoNewPrivs"), "0");
  });

  it("/proc: parts are hidden unless it is unmasked", async () => {
    const masks = async (name: string, context: Spec) =>
      [...(await said(name, "cat /proc/mounts", context)).matchAll(/ (\/proc\/\S+) /g)].map(([, path]) => path);
    const usual = await masks("proc-usual", {});
    assert.ok(usual.includes("/proc/keys") && usual.includes("/proc/sys"), usual.join(" "));
    assert.deepEqual(await masks("proc-whole", { procMount: "Unmasked" }), []);
  });

  it("seccomp: the node's default, none, the runtime's, and a profile from the agent's directory", async () => {
    const script = "mkdir /made 2>&1 && echo made; cat /proc/self/status";
    const profile = (type: string, localhostProfile?: string) => ({ seccompProfile: { type, localhostProfile } });
    const [byDefault, none, runtimes, own] = await Promise.all([
      said("seccomp-default", script, {}),
      said("seccomp-none", script, profile("Unconfined"), profile("RuntimeDefault")),
      said("seccomp-runtime", script, {}, profile("RuntimeDefault")),
      said("seccomp-own", script, profile("Localhost", "profiles/nodirs.json")),
    ]);
    const modes = [byDefault, none, runtimes, own].map((text) => statusField(text, "Seccomp"));
    assert.deepEqual(modes, ["2", "0", "2", "2"]);
    assert.match(byDefault, /^made$/m);
    assert.match(own, /Operation not permitted/);
    node.write(
      "seccomp-lost.yaml",
      shellPod("seccomp-lost", "", {
        containers: [container({ command: ["id"], securityContext: profile("Localhost", "lost.json") })],
      }),
    );
    const isWaiting = (pod: Pod) => statusOf(pod)?.state?.waiting?.reason === "CreateContainerError";
    const lost = await node.untilPod("seccomp-lost", "is not created", isWaiting);
    assert.match(statusOf(lost)?.state?.waiting?.message ?? "", new RegExp(`${node.rootDir}/seccomp/lost\\.json`));
  });

  it("AppArmor: a profile that this machine cannot enforce keeps the pod out", {
    skip: ENFORCES_APPARMOR,
  }, async () => {
    const appArmorProfile = { type: "RuntimeDefault" };
    node.write("armoured.yaml", shellPod("armoured", "id", { securityContext: { appArmorProfile } }));
    const { status } = await rejected("armoured");
    assert.equal(status?.reason, "AppArmor");
    assert.equal(status?.message, "Pod was rejected: Cannot enforce AppArmor: AppArmor is not enabled on the host");
    const bare = { appArmorProfile: { type: "Unconfined" } };
    assert.match(await said("bare", "id -u", bare), /^0\n/);
  });

  it("sysctls: safe ones and those that the node allows are set, others keep the pod out", async () => {
    const sysctls = [
      { name: "net.ipv4.ip_unprivileged_port_start", value: "1" },
      { name: "net/core/somaxconn", value: "321" },
      { name: "kernel.msgmax", value: "9000" },
    ];
    const script =
      "cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/core/somaxconn /proc/sys/kernel/msgmax";
    assert.equal(await said("tuned", script, {}, { sysctls }), "1\n321\n9000\nend\n");
    const forbidden = { sysctls: [{ name: "net.core.rmem_max", value: "1" }] };
    node.write("untuned.yaml", shellPod("untuned", "id", { securityContext: forbidden }));
    const { status } = await rejected("untuned");
    assert.deepEqual(
      [status?.reason, status?.message],
      ["SysctlForbidden", 'Pod was rejected: forbidden sysctl: "net.core.rmem_max" not allowlisted'],
    );
    await node.untilEvent("untuned", "SysctlForbidden", /^forbidden sysctl: "net\.core\.rmem_max" not allowlisted$/);
  });

  it("strict groups: a runtime that does not know them keeps the pod out", async (t) => {
    const { supplementalGroupsPolicy } = await node.cri.runtime.status();
    if (supplementalGroupsPolicy) return t.skip("this runtime knows them");
    const securityContext = { supplementalGroupsPolicy: "Strict" };
    node.write("strict.yaml", shellPod("strict", "id", { securityContext }));
    const { status } = await rejected("strict");
    assert.equal(status?.reason, "SupplementalGroupsPolicyNotSupported");
    assert.equal(status?.message, "Pod was rejected: SupplementalGroupsPolicy=Strict is not supported in this node");
  });

  it("namespaces: the machine's where they are asked for, one process namespace for a pod that shares it", async () => {
    const script = "for kind in pid ipc net; do readlink /proc/self/ns/$kind; done; cat /proc/1/comm";
    const ours = ["pid", "ipc", "net"].map((kind) => readlinkSync(`/proc/self/ns/${kind}`));
    const seen = async (name: string, spec: Spec) => (await said(name, script, {}, {}, spec)).split("\n");
    const [own, machines, shared] = await Promise.all([
      seen("ns-own", {}),
      seen("ns-machine", { hostPID: true, hostIPC: true, hostNetwork: true }),
      seen("ns-shared", { shareProcessNamespace: true }),
    ]);
    assert.deepEqual(machines.slice(0, 3), ours);
    for (const [index, link] of ours.entries()) assert.notEqual(own[index], link);
    assert.equal(own[3], "sh");
    assert.equal(shared[3], "catatonit");
  });

  it("users of the pod's own: without them in the runtime the pod waits and says why", async (t) => {
    const { runtimeHandlers } = await node.cri.runtime.status();
    if (runtimeHandlers.some(({ features }) => features?.userNamespaces)) return t.skip("this runtime has them");
    node.write("userns.yaml", shellPod("userns", "id", { hostUsers: false }));
    const text =
      /^Failed to create pod sandbox: can't set `spec\.hostUsers: false`, runtime does not support user namespaces$/;
    await node.untilEvent("userns", "FailedCreatePodSandBox", text);
    assert.equal((await node.pod("userns"))?.status?.phase, "Pending");
  });

  it("runtime classes: an unknown one is waited for, one that is known gives handler and overhead", async () => {
    const spec = { runtimeClassName: "plain" };
    node.write("classed.yaml", shellPod("classed", "sleep 1000", spec));
    await node.untilEvent("classed", "FailedCreatePodSandBox", /: runtimeclass\.node\.k8s\.io "plain" not found$/);
    const overhead = { podFixed: { memory: "16Mi" } };
    node.write("class.yaml", runtimeClass("plain", "runc", { overhead }), runtimeClass("odd", "unheard-of"));
    const pod = await node.untilPod("classed", "runs", isRunning, 8_000);
    assert.deepEqual(pod.spec?.overhead, { memory: "16Mi" });
    const sandboxes = await node.cri.runtime.listPodSandbox();
    const sandbox = sandboxes.find(({ metadata }) => metadata.uid === pod.metadata?.uid);
    assert.equal(sandbox?.runtimeHandler, "runc");
    node.write("odd.yaml", shellPod("odd", "id", { runtimeClassName: "odd" }));
    await node.untilEvent("odd", "FailedCreatePodSandBox", /no runtime for "unheard-of" is configured/);
  });
});

function container(more: object): object {
  return { name: "main", image: BUSYBOX, imagePullPolicy: "Never", ...more };
}

function runtimeClass(name: string, handler: string, more: object = {}): object {
  return { apiVersion: "node.k8s.io/v1", kind: "RuntimeClass", metadata: { name }, handler, ...more };
}
