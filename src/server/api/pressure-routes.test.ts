import assert from "node:assert/strict";
import { type IncomingMessage, request } from "node:http";
import { after, before, describe, it } from "node:test";
import { EvictionNode, inputOf, type Measured, MI } from "../../../test/support/eviction-node.ts";
import { FakeClock } from "../../../test/support/fakes-clock.ts";
import { FakeLog } from "../../../test/support/fakes-ports.ts";
import type { EvictionRound, PressureNow } from "../../agent/eviction/eviction-manager.ts";
import type { Pod } from "../../core/api/types.ts";
import type { EvictionRecord } from "../../core/eviction/record.ts";
import { HttpListener } from "../http/http-listener.ts";
import { type ExplainedAgent, pressureRoutes } from "./pressure-routes.ts";
import { type RecordedAgent, recordingRoute } from "./recording-route.ts";

const evictionNode = new EvictionNode({ evictionHard: { "memory.available": "200Mi" } });
const measured: Measured = {
  atSeconds: 0,
  availableMi: 150,
  pods: [
    { uid: "default-web", usedMi: 300, requestMi: 100 },
    { uid: "other-db", usedMi: 200, requestMi: 50 },
  ],
};
const { plan, trace } = evictionNode.step(measured);
const pressure: PressureNow = {
  atMs: 7,
  config: evictionNode.config,
  state: evictionNode.state,
  input: inputOf(measured),
};

function evicted(id: string, name: string): EvictionRecord {
  const victim = {
    uid: `default-${name}`,
    namespace: "default",
    name,
    gracePeriodSeconds: 0,
    reason: "Evicted",
  } as const;
  return {
    id,
    atMs: 1,
    cause: "LocalStorage",
    victim: { ...victim, message: "m ", isForced: false },
    trace,
    lastLogLines: {},
    dryRun: false,
  };
}

class FakeAgent implements ExplainedAgent, RecordedAgent {
  readonly list: readonly Pod[] = [
    { metadata: { name: "web", namespace: "default", uid: "default-web" } },
    { metadata: { name: "db", namespace: "other", uid: "other-db" } },
  ];
  readonly evictionFields = { evictionHard: { "memory.available": "200Mi" } };
  pressure: PressureNow = { atMs: 0 };
  records: readonly EvictionRecord[] = [];
  #roundListener: (round: EvictionRound) => void = () => {};
  pods = () => this.list;
  pod = (namespace: string, name: string) =>
    this.list.find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name);
  pressureConditions = () => ["DiskPressure"] as const;
  explainPressure = async () => this.pressure;
  evictionRecords = () => this.records;
  onEvictionRound = (listener: (round: EvictionRound) => void) => {
    this.#roundListener = listener;
    return () => {};
  };
  tellRound = (round: EvictionRound) => this.#roundListener(round);
}

describe("why", () => {
  const agent = new FakeAgent();
  const listener = new HttpListener(
    { clock: new FakeClock(), log: new FakeLog() },
    {
      name: "test",
      address: { host: "127.0.0.1", port: 0 },
      routes: [...pressureRoutes({ agent }), recordingRoute({ agent })],
      errors: "status",
    },
  );
  const ask = (path: string): Promise<IncomingMessage> => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    request({ host: "127.0.0.1", port: listener.port, path, agent: false }, resolve).on("error", reject).end();
    return promise;
  };
  const json = async (path: string) => {
    let text = "";
    for await (const part of (await ask(path)).setEncoding("utf8")) text += part;
    return JSON.parse(text);
  };
  before(() => listener.start());
  after(() => listener.stop());

  it("explains the pressure of now, as far as anything is known", async () => {
    assert.deepEqual(await json("/tskubelet/v1/pressure"), {
      atMs: 0,
      conditions: ["DiskPressure"],
      pods: { "default-web": "default/web", "other-db": "other/db" },
    });
    agent.pressure = pressure;
    const { explanation } = await json("/tskubelet/v1/pressure");
    const [{ signal, available, thresholds, next }] = explanation.signals;
    assert.deepEqual([signal, available / MI, thresholds[0].distance / MI], ["memory.available", 150, -50]);
    assert.deepEqual([next.victim.uid, next.runnerUp.decidedBy], ["default-web", "UsageAboveRequest"]);
    assert.equal(explanation.memory.workingSetBytes, 150 * MI);
  });

  it("explains a pod: its place, and what became of it before", async () => {
    agent.pressure = pressure;
    agent.records = [evicted("1-0", "web"), evicted("2-0", "old"), evicted("3-0", "web")];
    const of = (name: string) => json(`/tskubelet/v1/pressure/namespaces/default/pods/${name}`);
    const web = await of("web");
    assert.deepEqual(web.pod, { uid: "default-web", namespace: "default", name: "web" });
    assert.deepEqual([web.places[0].place, web.places[0].following.uid], [1, "other-db"]);
    assert.deepEqual(
      web.records.map(({ id }: EvictionRecord) => id),
      ["1-0", "3-0"],
    );
    const gone = await of("old");
    assert.deepEqual([gone.places, gone.records.length], [[], 1]);
    const never = await of("nope");
    assert.deepEqual([never.code, never.message], [404, 'pods "nope" not found']);
  });

  it("lists evictions, newest last, as many as are wanted", async () => {
    agent.records = [evicted("1-0", "web"), evicted("2-0", "old")];
    const ids = async (query: string) =>
      (await json(`/tskubelet/v1/evictions${query}`)).items.map(({ id }: EvictionRecord) => id);
    assert.deepEqual(await ids(""), ["1-0", "2-0"]);
    assert.deepEqual(await ids("?limit=1"), ["2-0"]);
    assert.deepEqual(await ids("?limit=9"), ["1-0", "2-0"]);
    assert.deepEqual(await ids("?limit=0"), []);
    assert.equal((await ask("/tskubelet/v1/evictions?limit=-1")).statusCode, 400);
  });

  it("tells a recorder what the node decides by, then each look", async () => {
    const answer = await ask("/tskubelet/v1/pressure/rounds");
    const input = inputOf(measured);
    agent.tellRound({ atMs: 0, config: evictionNode.config, input, plan, trace });
    agent.tellRound({ atMs: 0, config: evictionNode.config, input, plan, trace });
    let text = "";
    for await (const part of answer.setEncoding("utf8")) {
      text += part;
      if (text.split("\n").length > 3) break;
    }
    const [first, ...rounds] = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(first.node.kubeletConfiguration, agent.evictionFields);
    assert.deepEqual([first.node.filesystems, first.node.policy.evictionPace], ["Shared", "Reference"]);
    assert.deepEqual(
      rounds.map(({ round }) => [round.planKind, round.pods.length]),
      [
        ["evict", 2],
        ["evict", 2],
      ],
    );
  });
});
