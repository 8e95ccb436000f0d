/** The simulator finds what it is there to find: bugs planted into the agent are noticed within a few seeds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Agent, AgentOptions, AgentPorts } from "../../src/agent/agent.ts";
import { createAgent } from "../../src/agent/create-agent.ts";
import { drainMicrotasks } from "../../src/cli/sim-run-seed.ts";
import type { Violation } from "../../src/sim/invariants/invariant.ts";
import { runScenario } from "../../src/sim/scenario/run-scenario.ts";

type Compose = (ports: AgentPorts, options: AgentOptions) => Agent;

/** A bug must be noticed within so many stories; the agent as it is must bear the first of them. */
const SEEDS = 24;
const SEEDS_OF_THE_AGENT = 6;
const DAY_MS = 86_400_000;

/** What is broken in one story of an agent. */
async function violationsOf(compose: Compose, seed: number): Promise<readonly Violation[]> {
  const { violations } = await runScenario({ seed, hours: 0.3, drain: drainMicrotasks, compose });
  return violations;
}

/** What is broken in the first stories, up to the one that shows what is wanted. */
async function findings(compose: Compose, isWanted: (violation: Violation) => boolean): Promise<readonly Violation[]> {
  const found: Violation[] = [];
  for (let seed = 1; seed <= SEEDS && !found.some(isWanted); seed++) found.push(...(await violationsOf(compose, seed)));
  return found;
}

/** Nobody is told that a container ended, and no resync makes up for it. */
const lostWakeUp: Compose = (ports, options) => {
  const agent = createAgent(ports, { ...options, resyncMs: DAY_MS });
  agent.pleg.onChange(() => {});
  return agent;
};

/**
 * Decisions are made on the observation before the last one: a container that runs already looks as if it did not. That
 * its name is taken then is not understood, either: the next number is taken.
 */
const doubleStart: Compose = (ports, options) => {
  const agent = createAgent({ ...ports, runtime: takingNextNumber(ports.runtime) }, options);
  const { pleg } = agent;
  const observe = pleg.observe.bind(pleg);
  const seen = new Map<string, Awaited<ReturnType<typeof observe>>>();
  pleg.observe = async (uid, notBefore) => {
    const now = await observe(uid, notBefore);
    const before = seen.has(uid) ? seen.get(uid) : now;
    seen.set(uid, now);
    return before;
  };
  return agent;
};

function takingNextNumber(runtime: AgentPorts["runtime"]): AgentPorts["runtime"] {
  const next = <T extends { readonly metadata: { readonly attempt?: number } }>(config: T): T => ({
    ...config,
    metadata: { ...config.metadata, attempt: (config.metadata.attempt ?? 0) + 1 },
  });
  return {
    ...runtime,
    runPodSandbox: (config, handler, options) =>
      runtime
        .runPodSandbox(config, handler, options)
        .catch(() => runtime.runPodSandbox(next(config), handler, options)),
    createContainer: (id, config, sandbox, options) =>
      runtime
        .createContainer(id, config, sandbox, options)
        .catch(() => runtime.createContainer(id, next(config), sandbox, options)),
  };
}

/** Pods of before a restart are ended as if nobody wanted them. */
const forgetsOnRestart: Compose = (ports, options) => {
  const agent = createAgent(ports, options);
  const { workers } = agent;
  const update = workers.update.bind(workers);
  workers.update = (pod) => {
    if (ports.store.get("podStatus", pod.metadata?.uid ?? "") === undefined) update(pod);
  };
  return agent;
};

/** Thresholds that nobody asked for: pods go though nothing is short of what the configuration says. */
const evictsForNothing: Compose = (ports, options) => {
  const { fields } = options.eviction;
  const isAsked = Object.keys(fields.evictionHard ?? {}).length > 0;
  const evictionHard = { "memory.available": "14Gi", "nodefs.available": "85%" };
  return createAgent(ports, isAsked ? withEviction(options, { ...fields, evictionHard }) : options);
};

/** Sees the pressure and does nothing about it. */
const neverEvicts: Compose = (ports, options) =>
  createAgent(ports, withEviction(options, { ...options.eviction.fields, evictionHard: {}, evictionSoft: {} }));

/** What it evicts and why is lost with it. */
const forgetsRecords: Compose = (ports, options) => {
  const { store } = ports;
  const put: typeof store.put = (table, key, value) => {
    if (table !== "evictions") store.put(table, key, value);
  };
  return createAgent({ ...ports, store: { ...store, put } }, options);
};

/** Whatever a probe finds, all is well. */
const believesProbes: Compose = (ports, options) => {
  const { runtime } = ports;
  const execSync: typeof runtime.execSync = async (...asked) => ({
    ...(await runtime.execSync(...asked)),
    exitCode: 0,
  });
  return createAgent({ ...ports, runtime: { ...runtime, execSync } }, options);
};

function withEviction(options: AgentOptions, fields: AgentOptions["eviction"]["fields"]): AgentOptions {
  return { ...options, eviction: { ...options.eviction, fields } };
}

/** Whatever pods ask for, there is room. */
const letsAllIn: Compose = (ports, options) => {
  const allocatable = new Map(["cpu", "memory"].map((name) => [name, Number.POSITIVE_INFINITY] as const));
  return createAgent(ports, { ...options, admission: { node: { ...options.admission.node, allocatable } } });
};

test("a lost wake-up is found: what ended is not started again", async () => {
  const isWanted = ({ invariant, message }: Violation) =>
    invariant === "wanted and real state agree once faults stop" &&
    /was not started again|was never made/.test(message);
  const found = await findings(lostWakeUp, isWanted);
  assert.ok(found.some(isWanted), JSON.stringify(found));
});

test("a double start is found", async () => {
  const isWanted = ({ invariant }: Violation) => invariant === "never two running instances of one container";
  const found = await findings(doubleStart, isWanted);
  assert.ok(found.some(isWanted), JSON.stringify(found));
});

test("running pods that a restarted agent ends are found", async () => {
  const isWanted = ({ invariant }: Violation) => invariant === "no container is stopped that nobody asked to stop";
  const found = await findings(forgetsOnRestart, isWanted);
  assert.ok(found.some(isWanted), JSON.stringify(found));
});

test("evictions that no threshold allows are found", async () => {
  const isWanted = ({ invariant }: Violation) => invariant === "nobody is evicted while nothing is short";
  const found = await findings(evictsForNothing, isWanted);
  assert.ok(found.some(isWanted), JSON.stringify(found));
});

test("pressure that nobody does anything about is found", async () => {
  const isWanted = ({ invariant }: Violation) => invariant === "pressure does not stand while somebody may go";
  const found = await findings(neverEvicts, isWanted);
  assert.ok(found.some(isWanted), JSON.stringify(found));
});

test("evictions that leave no record are found", async () => {
  const isWanted = ({ invariant }: Violation) => invariant === "every eviction has its record";
  const found = await findings(forgetsRecords, isWanted);
  assert.ok(found.some(isWanted), JSON.stringify(found));
});

test("probes that nobody heeds are found", async () => {
  const isWanted = ({ invariant }: Violation) =>
    invariant === "who is not live is restarted" || invariant === "the status shows who is ready";
  const found = await findings(believesProbes, isWanted);
  assert.ok(found.some(isWanted), JSON.stringify(found));
});

test("pods that are let in without room are found", async () => {
  const isWanted = ({ invariant }: Violation) => invariant === "what is let in fits the node";
  const found = await findings(letsAllIn, isWanted);
  assert.ok(found.some(isWanted), JSON.stringify(found));
});

test("the same seeds find nothing in the agent as it is", async () => {
  for (let seed = 1; seed <= SEEDS_OF_THE_AGENT; seed++) assert.deepEqual(await violationsOf(createAgent, seed), []);
});
