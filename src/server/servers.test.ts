import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestOptions, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { evictionRecord } from "../../test/support/eviction-record.ts";
import { event, FakeServedAgent, pod } from "../../test/support/fakes-served-agent.ts";
import type { Pod } from "../core/api/types.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { MachineInfo } from "../ports/machine.ts";
import type { ServerPorts } from "./api/ports.ts";
import { healthRoutes, kubeletHealthChecks } from "./healthz.ts";
import { HttpListener } from "./http/http-listener.ts";
import { readOnlyRoutes, Servers } from "./servers.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };

const clock: Clock = {
  now: () => 0,
  monotonic: () => 0,
  after: () => () => {},
  sleep: (ms, signal) =>
    delay(Math.min(ms, 5), true, signal ? { signal: signal as globalThis.AbortSignal } : {}).catch(() => false),
};

const machine: MachineInfo = {
  hostname: "node1",
  cpuCores: 2,
  memoryBytes: 4096,
  maxPids: 1000,
  bootId: "boot",
  machineId: "machine",
  systemUuid: "uuid",
  kernelVersion: "6",
  appArmor: false,
  osImage: "Linux",
  architecture: "amd64",
  nodeIp: "10.0.0.1",
  hugePageBytes: { "2MB": 4 * 1024 * 1024 },
  seLinux: false,
};

interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly text: string;
}

function ask(options: RequestOptions): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request({ agent: false, ...options }, resolve)
    .on("error", reject)
    .end();
  return promise;
}

async function answerOf(options: RequestOptions): Promise<Answer> {
  const answer = await ask(options);
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return {
    status: answer.statusCode ?? 0,
    type: answer.headers["content-type"],
    text: Buffer.concat(parts).toString(),
  };
}

const EVICTED = evictionRecord();

describe("local API", () => {
  const directory = mkdtempSync(join(tmpdir(), "tskubelet-api-"));
  const socketPath = join(directory, "agent.sock");
  const agent = new FakeServedAgent();
  const shutDowns: unknown[] = [];
  const ports: ServerPorts = {
    agent,
    clock,
    log: silent,
    machine,
    contents: { open: async () => undefined, watch: () => () => {} },
  };
  const nowhere = { host: "127.0.0.1", port: 0 };
  const servers = new Servers(ports, {
    socketPath,
    healthz: nowhere,
    readOnly: nowhere,
    agentVersion: "1.2.3",
    shutDown: (options) => shutDowns.push(options),
  });
  const get = (path: string, method = "GET") => answerOf({ socketPath, path, method });
  const json = async (path: string) => JSON.parse((await get(path)).text);
  before(() => servers.start());
  after(async () => {
    await servers.stop();
    rmSync(directory, { recursive: true });
  });

  it("listens on a socket that only its owner can open", () => {
    assert.equal(statSync(socketPath).mode & 0o777, 0o600);
  });

  it("lists pods of all namespaces, of one, and by labels and fields", async () => {
    const names = async (path: string) => (await json(path)).items.map((item: Pod) => item.metadata?.name);
    assert.deepEqual(await names("/api/v1/pods"), ["web", "db"]);
    assert.deepEqual(await names("/api/v1/namespaces/other/pods"), ["db"]);
    assert.deepEqual(await names("/api/v1/pods?labelSelector=app%3Dweb"), ["web"]);
    assert.deepEqual(await names("/api/v1/pods?fieldSelector=metadata.namespace%3Dother"), ["db"]);
    const list = await json("/api/v1/pods");
    assert.deepEqual([list.kind, list.apiVersion, list.items[0].kind], ["PodList", "v1", undefined]);
  });

  it("gives one object with its kind, and a Status where there is none", async () => {
    assert.equal((await json("/api/v1/namespaces/default/pods/web")).kind, "Pod");
    assert.deepEqual((await json("/api/v1/namespaces/default/configmaps/page")).data, { a: "1" });
    const missing = await get("/api/v1/namespaces/default/pods/nope");
    assert.equal(missing.status, 404);
    const status = JSON.parse(missing.text);
    assert.deepEqual([status.kind, status.reason, status.code], ["Status", "NotFound", 404]);
    assert.equal(status.message, 'pods "nope" not found');
  });

  it("shows claims and volumes as they are bound, and what the node has of CSI", async () => {
    const [claim] = (await json("/api/v1/persistentvolumeclaims")).items;
    assert.equal(claim.status.phase, "Bound");
    assert.equal((await json("/api/v1/namespaces/default/persistentvolumeclaims/data")).kind, "PersistentVolumeClaim");
    assert.equal((await json("/api/v1/persistentvolumes/pv")).status.phase, "Bound");
    assert.equal((await get("/api/v1/persistentvolumes/nope")).status, 404);
    const [driver] = (await json("/apis/storage.k8s.io/v1/csinodes/node1")).spec.drivers;
    assert.deepEqual([driver.name, driver.allocatable], ["d.example.com", { count: 5 }]);
    const { volumesInUse, volumesAttached } = (await json("/api/v1/nodes")).items[0].status;
    const name = "kubernetes.io/csi/d.example.com^v";
    assert.deepEqual([volumesInUse, volumesAttached], [[name], [{ name, devicePath: "" }]]);
  });

  it("knows the node, its problems and its state", async () => {
    const [node] = (await json("/api/v1/nodes")).items;
    assert.deepEqual(node.status.capacity, { cpu: "2", memory: "4Ki" });
    assert.equal(node.status.nodeInfo.containerRuntimeVersion, "containerd://1");
    assert.equal((await json("/tskubelet/v1/manifest-problems")).problems[0].line, 3);
    assert.equal((await json("/tskubelet/v1/status")).version, "1.2.3");
    assert.equal((await json("/api/v1/events")).items[0].involvedObject.name, "web");
  });

  it("refuses other paths and methods", async () => {
    assert.equal((await get("/api/v1/nope")).status, 404);
    assert.equal((await get("/api/v1/pods", "DELETE")).status, 405);
    assert.equal((await get("/api/v1/namespaces/%2E%2E/pods/%zz")).status, 404);
    assert.equal((await get("/api/v1/namespaces/default/pods/web/exec?command=x", "POST")).status, 400);
  });

  it("tells a watcher what is there, what changes and what goes", async () => {
    const answer = await ask({ socketPath, path: "/api/v1/namespaces/default/pods?watch=true" });
    const lines = answer.setEncoding("utf8")[Symbol.asyncIterator]();
    const next = async () => {
      const { type, object } = JSON.parse(String((await lines.next()).value));
      return `${type} ${object.metadata.name} ${object.status.phase}`;
    };
    assert.equal(await next(), "ADDED web Running");
    const [web = pod("web"), ...others] = agent.list;
    agent.list = [{ ...web, status: { ...web.status, phase: "Failed" } }, ...others];
    assert.equal(await next(), "MODIFIED web Failed");
    agent.list = others;
    assert.equal(await next(), "DELETED web Failed");
    agent.list = [web, ...others];
    answer.destroy();
  });

  it("tells a watcher of events those there are and each new one", async () => {
    const answer = await ask({ socketPath, path: "/api/v1/events?watch=true&fieldSelector=reason%3DStarted" });
    const lines = answer.setEncoding("utf8")[Symbol.asyncIterator]();
    const next = async () => {
      const { type, object } = JSON.parse(String((await lines.next()).value));
      return `${type} ${object.count}`;
    };
    assert.equal(await next(), "ADDED 1");
    agent.emit({ ...event, reason: "Other" });
    agent.emit({ ...event, count: 2 });
    assert.equal(await next(), "MODIFIED 2");
    answer.destroy();
  });

  it("passes an exec on to the runtime's streaming server, byte by byte, with nothing before it", async () => {
    const runtime = createServer();
    runtime.on("upgrade", (message, socket) => {
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${message.headers.upgrade}\r\n\r\nhi `,
      );
      socket.on("data", (data) => socket.end(`got ${data}`));
    });
    await new Promise<void>((resolve) => runtime.listen(0, "127.0.0.1", resolve));
    agent.streamingUrl = `http://127.0.0.1:${(runtime.address() as AddressInfo).port}/exec/token`;
    const path = "/api/v1/namespaces/default/pods/web/exec?command=sh&stdin=true";
    const text = await new Promise<string>((resolve, reject) => {
      const headers = { Connection: "Upgrade", Upgrade: "SPDY/3.1" };
      const sent = request({ socketPath, path, method: "POST", headers, agent: false });
      sent.on("upgrade", (_answer, socket, head) => {
        let received = head.toString();
        socket.on("data", (data) => {
          received += data;
        });
        socket.on("close", () => resolve(received));
        socket.write("bytes");
      });
      sent.on("response", (answer) => reject(new Error(`status ${answer.statusCode}`)));
      sent.on("error", reject);
      sent.end();
    });
    assert.equal(text, "hi got bytes");
    await new Promise((resolve) => runtime.close(resolve));
  });

  it("refuses an exec that cannot be, before it switches protocols", async () => {
    const headers = { Connection: "Upgrade", Upgrade: "SPDY/3.1" };
    const refused = (path: string) => answerOf({ socketPath, path, method: "POST", headers });
    const base = "/api/v1/namespaces/default/pods";
    assert.equal((await refused(`${base}/nope/exec?command=x&stdout=1`)).status, 404);
    assert.equal((await refused(`${base}/web/exec?stdout=1`)).status, 400);
    assert.equal((await refused(`${base}/web/exec?command=x&container=nope&stdout=1`)).status, 400);
    assert.equal((await answerOf({ socketPath, path: base, headers })).status, 400);
  });

  it("is shut down once the answer is out", async () => {
    assert.equal((await get("/tskubelet/v1/shutdown?stopPods=true&gracePeriodSeconds=3", "POST")).status, 202);
    assert.deepEqual(shutDowns, [{ stopPods: true, graceSeconds: 3 }]);
  });

  it("takes the place of a dead agent's socket, but not of another file", async () => {
    const open = async (path: string) => {
      const options = { name: "x", address: { socketPath: path }, routes: healthRoutes([]), errors: "text" } as const;
      const listener = new HttpListener({ clock, log: silent }, options);
      await listener.start();
      return listener;
    };
    const dead = join(directory, "dead.sock");
    const first = await open(join(directory, "first.sock"));
    renameSync(join(directory, "first.sock"), dead);
    await first.stop();
    const second = await open(dead);
    assert.equal((await answerOf({ socketPath: dead, path: "/healthz" })).text, "ok");
    await second.stop();
    const file = join(directory, "file");
    writeFileSync(file, "mine");
    await (await open(file)).stop();
    assert.equal(statSync(file).isFile(), true);
  });

  it("tells what an evicted pod logged last", async () => {
    agent.records = [EVICTED];
    const { items } = JSON.parse((await get("/tskubelet/v1/evictions")).text);
    assert.deepEqual(items, [EVICTED]);
  });
});

describe("read-only port", () => {
  const agent = new FakeServedAgent();
  const routes = [...healthRoutes(kubeletHealthChecks(agent)), ...readOnlyRoutes({ agent, clock, machine })];
  const listener = new HttpListener(
    { clock, log: silent },
    { name: "test", address: { host: "127.0.0.1", port: 0 }, routes, errors: "text" },
  );
  const get = (path: string, method = "GET") => answerOf({ host: "127.0.0.1", port: listener.port, path, method });
  before(() => listener.start());
  after(() => listener.stop());

  it("shows the pods as the kubelet does", async () => {
    const { status, type, text } = await get("/pods");
    assert.deepEqual([status, type], [200, "application/json"]);
    assert.ok(text.startsWith('{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"web"'));
  });

  it("shows the machine", async () => {
    const spec = JSON.parse((await get("/spec/")).text);
    assert.deepEqual([spec.num_cores, spec.memory_capacity, spec.boot_id], [2, 4096, "boot"]);
    assert.deepEqual(spec.hugepages, [{ page_size: 2048, num_pages: 2 }]);
  });

  it("shows what node and pods use at this moment, by GET and POST", async () => {
    const { status, text } = await get("/stats/summary");
    assert.deepEqual([status, JSON.parse(text)], [200, { node: { nodeName: "node1" } }]);
    await get("/stats/summary/?only_cpu_and_memory=true", "POST");
    await get("/stats/summary?only_cpu_and_memory=1");
    assert.deepEqual(
      agent.asked.map(({ fresh, onlyCpuAndMemory }) => [fresh, onlyCpuAndMemory]),
      [
        [true, false],
        [true, true],
        [true, false],
      ],
    );
  });

  it("says why, but streams nothing without end", async () => {
    const { conditions } = JSON.parse((await get("/tskubelet/v1/pressure")).text);
    assert.deepEqual(conditions, ["DiskPressure"]);
    agent.records = [EVICTED];
    const { items } = JSON.parse((await get("/tskubelet/v1/evictions?limit=5")).text);
    assert.deepEqual(items, [{ ...EVICTED, lastLogLines: {} }]);
    assert.equal((await get("/tskubelet/v1/pressure/rounds")).status, 404);
  });

  it("is healthy until the sync loop is stuck", async () => {
    assert.equal((await get("/healthz")).text, "ok");
    assert.equal((await get("/healthz?verbose")).text, "[+]ping ok\n[+]log ok\n[+]syncloop ok\nhealthz check passed\n");
    agent.loopAgeMs = 121_000;
    assert.equal((await get("/healthz")).status, 500);
    assert.equal((await get("/healthz/syncloop")).status, 500);
    assert.deepEqual([(await get("/healthz/ping")).text, (await get("/healthz?exclude=syncloop")).status], ["ok", 200]);
  });

  it("takes only reading, of what it has", async () => {
    assert.equal((await get("/pods", "POST")).status, 405);
    assert.equal((await get("/exec/default/web/main", "POST")).status, 404);
    const head = await get("/pods", "HEAD");
    assert.deepEqual([head.status, head.text], [200, ""]);
  });

  it("answers a request that offers another protocol as any other", async () => {
    const headers = { Connection: "Upgrade, HTTP2-Settings", Upgrade: "h2c" };
    assert.equal(
      (await answerOf({ host: "127.0.0.1", port: listener.port, path: "/healthz/ping", headers })).text,
      "ok",
    );
  });
});
