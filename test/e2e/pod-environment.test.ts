/** What a container finds: its variables, name, hosts and resolver files, working directory, terminal, last words. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { AgentNode, BUSYBOX, isRunning, shellPod, statusOf } from "../support/agent-node.ts";

/** Less than what the agent waits before it tries a start again that failed: so it was woken. */
const AT_ONCE_MS = 8_000;
const WAIT = "sleep 1000";

describe("what a container finds", { concurrency: 8 }, () => {
  const node = new AgentNode({
    bridge: "tskenvp0",
    kubelet: ({ base }) => {
      const resolvConf = join(base, "resolv.conf");
      writeFileSync(resolvConf, "nameserver 192.0.2.53\nsearch corp.test\noptions timeout:1\n");
      return {
        resolvConf,
        clusterDNS: ["10.96.0.10"],
        clusterDomain: "cluster.local",
        systemReserved: { cpu: "500m" },
      };
    },
  });
  before(() => node.start());
  after(() => node.close());

  async function logOf(name: string, until: RegExp, pod: unknown): Promise<string> {
    node.write(`${name}.yaml`, pod);
    return node.untilLog(await node.untilPod(name, "is ready", isRunning), until);
  }

  it("variables of its own, of fields, resources, ConfigMaps and Secrets, expanded in their order", async () => {
    const config = { metadata: { name: "settings" }, data: { colour: "blue", size: "9", "1bad": "x" } };
    const secret = { metadata: { name: "keys" }, stringData: { token: "s3cret" } };
    node.write(
      "objects.yaml",
      { apiVersion: "v1", kind: "ConfigMap", ...config },
      { apiVersion: "v1", kind: "Secret", ...secret },
    );
    const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
    const resource = (name: string, resourceFieldRef: object) => ({ name, valueFrom: { resourceFieldRef } });
    const main = {
      resources: { requests: { memory: "10Mi" }, limits: { cpu: "250m" } },
      envFrom: [
        { configMapRef: { name: "settings" } },
        { prefix: "K_", secretRef: { name: "keys" } },
        { configMapRef: { name: "nowhere", optional: true } },
      ],
      env: [
        { name: "size", value: "10" },
        { name: "TEXT", value: "$(size)-$(colour)-$$(size)-$(NONE)" },
        field("F_NAME", "metadata.name"),
        field("F_NAMESPACE", "metadata.namespace"),
        field("F_UID", "metadata.uid"),
        field("F_LABEL", "metadata.labels['app']"),
        field("F_ANNOTATION", "metadata.annotations['example.org/note']"),
        field("F_NODE", "spec.nodeName"),
        field("F_ACCOUNT", "spec.serviceAccountName"),
        field("F_HOST", "status.hostIP"),
        field("F_HOSTS", "status.hostIPs"),
        field("F_POD", "status.podIP"),
        field("F_PODS", "status.podIPs"),
        resource("R_CPU", { resource: "limits.cpu", divisor: "1m" }),
        resource("R_CPUS", { resource: "limits.cpu" }),
        resource("R_MEMORY", { resource: "requests.memory", divisor: "1Ki" }),
        resource("R_OTHER", { containerName: "other", resource: "limits.memory", divisor: "1Mi" }),
        resource("R_NODE_MEMORY", { resource: "limits.memory", divisor: "1Mi" }),
        resource("R_NODE_CPU", { containerName: "other", resource: "limits.cpu", divisor: "1m" }),
        { name: "C_KEY", valueFrom: { configMapKeyRef: { name: "settings", key: "colour" } } },
        { name: "C_NONE", valueFrom: { configMapKeyRef: { name: "settings", key: "shape", optional: true } } },
        { name: "S_KEY", valueFrom: { secretKeyRef: { name: "keys", key: "token" } } },
        { name: "S_NONE", valueFrom: { secretKeyRef: { name: "nothing", key: "token", optional: true } } },
      ],
      command: ["sh", "-c", 'echo "said $0"; env | sort; echo end; sleep 1000', "$(TEXT)"],
    };
    const other = container({ name: "other", command: ["sleep", "1000"], resources: { limits: { memory: "20Mi" } } });
    const metadata = { name: "sink", labels: { app: "shop" }, annotations: { "example.org/note": "n 1" } };
    const spec = { containers: [container(main), other], serviceAccountName: "robot" };
    const log = await logOf("sink", /^end$/m, { ...(shellPod("sink", "", spec) as object), metadata });
    const pod = await node.pod("sink");
    const { hostIP, podIP, hostIPs = [] } = pod?.status ?? {};
    const of = new Map(log.split("\n").map((line) => [line.split("=", 1)[0] ?? "", line.slice(line.indexOf("=") + 1)]));
    const expected = {
      colour: "blue",
      size: "10",
      K_token: "s3cret",
      TEXT: "10-blue-$(size)-$(NONE)",
      F_NAME: "sink",
      F_NAMESPACE: "default",
      F_UID: pod?.metadata?.uid,
      F_LABEL: "shop",
      F_ANNOTATION: "n 1",
      F_NODE: pod?.spec?.nodeName,
      F_ACCOUNT: "robot",
      F_HOST: hostIP,
      F_HOSTS: hostIPs.map(({ ip }) => ip).join(","),
      F_POD: podIP,
      F_PODS: podIP,
      R_CPU: "250",
      R_CPUS: "1",
      R_MEMORY: "10240",
      R_OTHER: "20",
      C_KEY: "blue",
      C_NONE: undefined,
      S_KEY: "s3cret",
      S_NONE: undefined,
      "1bad": undefined,
    };
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, of.get(name)])), expected);
    // What the node can give stands for a limit that is not set: all but its reserve and what eviction keeps free.
    assert.equal(Number(of.get("R_NODE_CPU")), availableParallelism() * 1000 - 500);
    assert.equal(Number(of.get("R_NODE_MEMORY")), Math.ceil(totalmem() / 2 ** 20 - 100));
    assert.match(log, /^said 10-blue-\$\(size\)-\$\(NONE\)$/m);
    await node.untilEvent("sink", "InvalidEnvironmentVariableNames", /^Keys \[1bad\] from the EnvFrom configMap/);
  });

  it("nothing while an object or key is missing, and everything as soon as it comes", async () => {
    const from = (source: object) =>
      container({ env: [{ name: "A", valueFrom: source }], command: ["sh", "-c", 'echo "got $A"; sleep 1000'] });
    node.write(
      "waits-map.yaml",
      shellPod("waits-map", "", { containers: [from({ configMapKeyRef: { name: "late", key: "k" } })] }),
    );
    node.write(
      "waits-secret.yaml",
      shellPod("waits-secret", "", { containers: [from({ secretKeyRef: { name: "late", key: "k" } })] }),
    );
    const waits = (message: string) => (pod: Parameters<typeof statusOf>[0]) => {
      const { waiting } = statusOf(pod)?.state ?? {};
      return waiting?.reason === "CreateContainerConfigError" && waiting.message === message;
    };
    await node.untilPod("waits-map", "says what is missing", waits('configmap "late" not found'));
    await node.untilPod("waits-secret", "says what is missing", waits('secret "late" not found'));
    await node.untilEvent("waits-map", "Failed", /^Error: configmap "late" not found$/);
    const late = (kind: string, data: object) => ({ apiVersion: "v1", kind, metadata: { name: "late" }, ...data });
    node.write("late.yaml", late("ConfigMap", { data: { other: "x" } }), late("Secret", { stringData: { k: "2" } }));
    await node.untilPod(
      "waits-map",
      "says which key is missing",
      waits("couldn't find key k in ConfigMap default/late"),
      AT_ONCE_MS,
    );
    const secret = await node.untilPod("waits-secret", "runs", isRunning, AT_ONCE_MS);
    await node.untilLog(secret, /^got 2$/m);
    node.write("late.yaml", late("ConfigMap", { data: { k: "1" } }), late("Secret", { stringData: { k: "2" } }));
    const map = await node.untilPod("waits-map", "runs", isRunning, AT_ONCE_MS);
    await node.untilLog(map, /^got 1$/m);
    assert.equal(statusOf(map)?.restartCount, 0);
  });

  it("its host name, with its domain where it is asked for, and the aliases of its pod", async () => {
    const aliases = { hostAliases: [{ ip: "192.0.2.7", hostnames: ["db.corp.test", "db"] }] };
    const script = `hostname; cat /etc/hosts; echo end; ${WAIT}`;
    const named = { hostname: "web-0", subdomain: "shop", ...aliases };
    const [plain, short, full] = await Promise.all([
      logOf("plain-name", /^end$/m, shellPod("plain-name", script)),
      logOf("short-name", /^end$/m, shellPod("short-name", script, named)),
      logOf("full-name", /^end$/m, shellPod("full-name", script, { ...named, setHostnameAsFQDN: true })),
    ]);
    const domain = "shop.default.svc.cluster.local";
    assert.match(plain, /^plain-name\n/);
    assert.match(plain, /^[\d.]+\tplain-name$/m);
    assert.match(short, /^web-0\n# Kubernetes-managed hosts file\.\n127\.0\.0\.1\tlocalhost\n/);
    for (const log of [short, full]) {
      assert.match(log, new RegExp(`^[\\d.]+\\tweb-0\\.${domain}\\tweb-0$`, "m"));
      assert.match(log, /\n\n# Entries added by HostAliases\.\n192\.0\.2\.7\tdb\.corp\.test\tdb\n/);
    }
    assert.match(full, new RegExp(`^web-0\\.${domain}\\n`));
  });

  it("a resolver file by its pod's policy, within what resolvers take", async () => {
    const resolver = async (name: string, spec: Readonly<Record<string, unknown>>) =>
      (await logOf(name, /^end$/m, shellPod(name, `cat /etc/resolv.conf; echo end; ${WAIT}`, spec)))
        .split("\n")
        .slice(0, -2);
    const dnsConfig = {
      nameservers: ["192.0.2.1"],
      searches: ["own.test"],
      options: [{ name: "ndots", value: "2" }, { name: "edns0" }],
    };
    const servers = ["192.0.2.61", "192.0.2.62", "192.0.2.63"];
    const cluster = "search default.svc.cluster.local svc.cluster.local cluster.local corp.test";
    const [first, byDefault, host, none, many] = await Promise.all([
      resolver("dns-first", { dnsConfig }),
      resolver("dns-default", { dnsPolicy: "Default" }),
      resolver("dns-host", { hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" }),
      resolver("dns-none", { dnsPolicy: "None", dnsConfig }),
      resolver("dns-many", { dnsPolicy: "Default", dnsConfig: { nameservers: servers } }),
    ]);
    assert.deepEqual(first, [
      `${cluster} own.test`,
      "nameserver 10.96.0.10",
      "nameserver 192.0.2.1",
      "options ndots:2 edns0",
    ]);
    assert.deepEqual(byDefault, ["search corp.test", "nameserver 192.0.2.53", "options timeout:1"]);
    assert.deepEqual(host, [cluster, "nameserver 10.96.0.10", "options ndots:5"]);
    assert.deepEqual(none, ["search own.test", "nameserver 192.0.2.1", "options ndots:2 edns0"]);
    const kept = ["192.0.2.53", "192.0.2.61", "192.0.2.62"];
    assert.deepEqual(
      many.slice(1, 4),
      kept.map((server) => `nameserver ${server}`),
    );
    await node.untilEvent("dns-many", "DNSConfigForming", new RegExp(`nameserver line is: ${kept.join(" ")}$`));
  });

  it("a file for its last words, or none where its log is asked for on failure", async () => {
    const ended = (command: string, more: object) => ({
      containers: [container({ command: ["sh", "-c", command], ...more })],
      restartPolicy: "Never",
    });
    const words = { terminationMessagePath: "/tmp/words" };
    const fallback = { terminationMessagePolicy: "FallbackToLogsOnError" };
    node.write("words.yaml", shellPod("words", "", ended("printf bye > /tmp/words; exit 3", words)));
    node.write("logged.yaml", shellPod("logged", "", ended("echo from the log; exit 4", fallback)));
    node.write("content.yaml", shellPod("content", "", ended("echo from the log", fallback)));
    const messageOf = async (name: string) => {
      const pod = await node.untilPod(name, "has ended", ({ status }) =>
        /^(Failed|Succeeded)$/.test(status?.phase ?? ""),
      );
      const { exitCode, message } = statusOf(pod)?.state?.terminated ?? {};
      return [exitCode, message];
    };
    assert.deepEqual(await messageOf("words"), [3, "bye"]);
    assert.deepEqual(await messageOf("logged"), [4, "from the log\n"]);
    assert.deepEqual(await messageOf("content"), [0, undefined]);
  });

  it("its working directory, an input that stays open or is at its end, and a terminal", async () => {
    const spec = {
      containers: [
        container({ workingDir: "/bin", command: ["sh", "-c", "pwd; cat; echo at its end; sleep 1000"] }),
        container({ name: "open", stdin: true, command: ["sh", "-c", "echo reads; cat; echo at its end"] }),
        container({ name: "screen", stdin: true, tty: true, command: ["sh", "-c", "tty; sleep 1000"] }),
      ],
    };
    const log = await logOf("places", /^at its end$/m, shellPod("places", "", spec));
    assert.equal(log, "/bin\nat its end\n");
    const pod = await node.pod("places");
    assert.ok(pod !== undefined);
    assert.equal(await node.untilLog(pod, /reads/, "open"), "reads\n");
    assert.match(await node.untilLog(pod, /pts/, "screen"), /^\/dev\/pts\/0\r?\n$/);
    assert.equal(statusOf(pod, "open")?.restartCount, 0);
  });
});

function container(more: object): object {
  return { name: "main", image: BUSYBOX, imagePullPolicy: "Never", ...more };
}
