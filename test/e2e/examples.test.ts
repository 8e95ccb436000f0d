/** Every manifest below examples/ on one node, and for each pod what its comment promises. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parseAllDocuments } from "yaml";
import type { Pod } from "../../src/core/api/types.ts";
import { AgentNode, isRunning, statusOf } from "../support/agent-node.ts";
import { PodTraces, untilNothingLeft } from "../support/pod-leftovers.ts";
import { PROGRAM, Program, RunningProgram } from "../support/program.ts";

const EXAMPLES = join(import.meta.dirname, "..", "..", "examples");
/** Ports of the node that the examples take, and what they take here. */
const PORTS: ReadonlyMap<string, string> = new Map([
  ["hostPort: 8080", "hostPort: 38180"],
  ["hostPort: 8081", "hostPort: 38181"],
  ["10400", "38182"],
]);

interface Example {
  readonly file: string;
  readonly text: string;
  readonly pods: readonly string[];
}

function examplesIn(directory: string): readonly Example[] {
  const files = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ name: file }) => {
    const written = readFileSync(join(directory, file), "utf8");
    const text = [...PORTS].reduce((result, [from, to]) => result.replaceAll(from, to), written);
    const documents = parseAllDocuments(text).map((document) => document.toJS() as Pod);
    const pods = documents.filter(({ kind }) => kind === "Pod").map(({ metadata }) => metadata?.name ?? "");
    return { file, text, pods };
  });
}

describe("the examples", { concurrency: 1 }, () => {
  const standalone = [...examplesIn(EXAMPLES), ...examplesIn(join(EXAMPLES, "more"))];
  const statics = examplesIn(join(EXAMPLES, "static"));
  const node = new AgentNode({ bridge: "tskex0" });
  const program = new Program(node.rootDir);
  before(async () => {
    await node.start();
    for (const { file, text } of statics) node.writeText(file, text, node.staticDir);
    for (const { file, text } of standalone) node.writeText(file, text);
  });
  after(() => node.close());

  const ready = (name: string) => node.untilPod(name, "is ready", isRunning);
  const ended = (name: string, phase: string, reason?: string) =>
    node.untilPod(name, `is ${phase}`, ({ status }) => status?.phase === phase && status.reason === reason);
  const saying =
    (container: string, ...patterns: readonly RegExp[]) =>
    async (name: string) => {
      const pod = await ready(name);
      for (const pattern of patterns) await node.untilLog(pod, pattern, container);
    };
  const page = async (port: number) => (await fetch(`http://127.0.0.1:${port}/`)).text();
  const exec = async (name: string, script: string) => (await program.run("exec", name, "--", "sh", "-c", script)).out;

  /** By pod. */
  const promises: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
    crashing: async (name) => {
      const pod = await node.untilPod(name, "has started", (each) => statusOf(each, name)?.containerID !== undefined);
      await node.untilLog(pod, /will fail in 20 s/, name);
    },
    init: saying("main", /^prepared at /m),
    web: async (name) => {
      await ready(name);
      assert.match(await page(38_180), /<h1>Hello from a Pod<\/h1>/);
    },
    worker: saying("worker", /^worker: job 2 done on worker$/m),
    "nginx-like": async (name) => {
      await ready(name);
      assert.match(await exec(name, "wget -qO - http://127.0.0.1/"), /It works/);
      assert.equal(statusOf((await node.pod(name)) ?? {}, "web")?.restartCount, 0);
    },
    "redis-like": async (name) => {
      await ready(name);
      const ask = (line: string) => exec(name, `echo '${line}' | nc 127.0.0.1 6379`);
      assert.deepEqual([await ask("SET color green"), await ask("GET color")], ["OK\n", "green\n"]);
      assert.match(await exec(name, "grep ' /data ' /proc/mounts"), /^tmpfs /);
    },
    "sidecar-logger": saying("shipper", /^request 1$/m),
    job: async (name) => {
      const pod = await ended(name, "Succeeded");
      assert.equal(statusOf(pod, "sum")?.state?.terminated?.message, "the sum is 5050\n");
    },
    "nightly-report": async (name) => {
      const { exitCode, message } = statusOf(await ended(name, "Failed"), "report")?.state?.terminated ?? {};
      assert.equal(exitCode, 4);
      assert.match(message ?? "", /^report: there is no \/data\/report.csv$/m);
    },
    "retried-task": async (name) => {
      assert.equal(statusOf(await ended(name, "Succeeded"), "task")?.restartCount, 1);
    },
    "grpc-health": ready,
    "node-agent": async (name) => {
      const pod = await ready(name);
      await node.untilLog(pod, new RegExp(`^${pod.spec?.nodeName}: load .* [0-9]+ processes`, "m"), "agent");
      assert.equal(pod.status?.podIP, pod.status?.hostIP);
    },
    "init-chain": saying("main", /^shop is painted green$/m),
    "config-reload": async (name) => {
      const pod = await ready(name);
      await node.untilLog(pod, /^greeting is now: hello$/m);
      const { text } = standalone.find(({ pods }) => pods.includes(name)) ?? { text: "" };
      node.writeText("config-reload.yaml", text.replace("greeting: hello", "greeting: good day"));
      await node.untilLog(pod, /^greeting is now: good day$/m);
    },
    secrets: saying("main", /^user shop, password of 28 bytes, mode 400$/m),
    projected: saying(
      "main",
      /^settings: color=green$/m,
      /^secret\/token: open-sesame$/m,
      /^self\/labels: app="projected"$/m,
    ),
    "downward-api": saying("main", /^default\/downward-api at 10\.[\d.]+ on \S+, memory 24 MiB, owner shop, 10m CPU$/m),
    "log-reader": saying("main", /^\d+ pods have logs$/m),
    hooks: async (name) => {
      await ready(name);
      const log = new RunningProgram(PROGRAM, program.args(["logs", "-f", name]));
      await node.until("the log is followed", () => /main: warm/.test(log.out));
      node.remove("hooks.yaml");
      const { out } = await log.ended;
      assert.match(out, /hook: leaving the load balancer\nmain: asked to stop/);
      await node.untilGone(name);
    },
    guaranteed: async (name) => assert.equal((await ready(name)).status?.qosClass, "Guaranteed"),
    "locked-down": async (name) => {
      const pod = await ready(name);
      const log = await node.untilLog(pod, /^scratch space is writable$/m);
      assert.match(log, /^user 1000, groups 1000 2000$/m);
      assert.match(log, /^CapEff: 0+\nNoNewPrivs: 1\nSeccomp: 2$/m);
      assert.doesNotMatch(log, /root filesystem is writable/);
    },
    "shared-processes": saying("server", /^server: settings read again$/m),
    "host-port": async (name) => {
      await ready(name);
      assert.equal(await page(38_181), "Hello from a port of the node\n");
    },
    "env-from": saying("main", /^url postgres:\/\/db.example.com:5432\/shop$/m),
    critical: async (name) => assert.equal((await ready(name)).spec?.priority, 2_000_001_000),
    deadline: (name) => ended(name, "Failed", "DeadlineExceeded"),
    "too-large": (name) => ended(name, "Failed", "OutOfcpu"),
    names: saying("main", /^front$/m, /^192\.0\.2\.10\s+db\s+db\.example\.com$/m, /^nameserver 192\.0\.2\.53$/m),
    "node-web": async () => {
      const nodeName = (await ready("worker")).spec?.nodeName;
      const name = `node-web-${nodeName}`;
      await node.until(`${name} is ready`, async () => {
        const pod = await node.pod(name, "kube-system");
        return pod !== undefined && isRunning(pod);
      });
    },
  };

  it("are twenty and more, and each has its promise here", () => {
    const pods = [...standalone, ...statics].flatMap((example) => example.pods);
    assert.deepEqual(pods.toSorted(), Object.keys(promises).toSorted());
    assert.ok(pods.length >= 20, `${pods.length}`);
  });

  describe("keep what they promise", { concurrency: 8 }, () => {
    for (const [name, keep] of Object.entries(promises)) {
      it(name, async () => {
        await keep(name);
      });
    }
  });

  it("leave nothing behind", async () => {
    const traces = new PodTraces(node);
    await traces.remember();
    for (const { file } of statics) node.remove(file, node.staticDir);
    node.removeAll();
    await untilNothingLeft(node, traces, 60_000);
  });
});
