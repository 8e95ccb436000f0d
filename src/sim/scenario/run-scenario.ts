/** One run: a node, an agent, a seed - and a judge that watches all of it. */
import type { AgentOptions } from "../../agent/agent.ts";
import type { EvictionRecord } from "../../core/eviction/record.ts";
import { isCriticalPod } from "../../core/pod/critical.ts";
import { drawClimate, Weather } from "../faults/weather.ts";
import { EvictionJudge } from "../invariants/evictions.ts";
import { podUidOf, type Scene, type Violation } from "../invariants/invariant.ts";
import { leftovers, unsettled } from "../invariants/settled.ts";
import { SimNode } from "../node/sim-node.ts";
import { Random } from "../random.ts";
import type { ContainerRecord } from "../runtime/records.ts";
import { AgentLife, type ComposeAgent } from "./agent-life.ts";
import { Desire } from "./desire.ts";
import { DiskStory } from "./disk-story.ts";
import { HealthStory } from "./health-story.ts";
import { Judge } from "./judge.ts";
import { IMAGES } from "./manifest-factory.ts";
import { MemoryStory } from "./memory-story.ts";
import { Preemptions } from "./preemptions.ts";
import { drawPressure, type PressurePlot } from "./pressure-plot.ts";
import { drawProbes, hasProbes } from "./probed-pods.ts";
import { drawPlot, Story } from "./story.ts";
import { drawTightRoom } from "./tight-room.ts";
import { Trace } from "./trace.ts";

export interface RunOptions {
  readonly seed: number;
  /** Simulated time. */
  readonly hours: number;
  /** Resolves when every pending promise has settled; only called after an `await`. */
  readonly drain: () => Promise<void>;
  readonly compose?: ComposeAgent;
  /** How many of the last lines of the trace to keep. */
  readonly keptLines?: number;
}

export interface RunResult {
  readonly seed: number;
  readonly steps: number;
  /** Equal for equal runs. */
  readonly traceHash: string;
  /** Empty: all rules held. The run ends at the first. */
  readonly violations: readonly Violation[];
  readonly lastLines: readonly string[];
  /** How many agents lived, containers were started, pods were evicted. */
  readonly agents: number;
  readonly starts: number;
  readonly evictions: number;
}

const HOUR_MS = 3_600_000;
/** Pods that crash wait up to five minutes, twice where a pod of the same name was waited for. */
const SETTLE_LIMIT_MS = 900_000;
const CLEAR_LIMIT_MS = 600_000;
const LOOK_EVERY_MS = 5_000;
/** A call that hung when the storm ended holds up a disk's reclaim or a kill for two minutes. */
const RELIEF_LIMIT_MS = { memory: 120_000, disk: 300_000 } as const;

export async function runScenario(options: RunOptions): Promise<RunResult> {
  const run = new Run(options);
  await Promise.resolve();
  await run.all();
  return run.result();
}

function evictionOptions({ fields, policy }: PressurePlot): AgentOptions["eviction"] {
  return { fields, policy, periodMs: 10_000 };
}

class Run implements Scene {
  readonly node: SimNode;
  readonly desire: Desire;
  draining = false;
  clockJumpedAtMs = Number.NEGATIVE_INFINITY;
  agentStartedAtMs = 0;
  recordsBehindAtMs = Number.NEGATIVE_INFINITY;
  readonly #options: RunOptions;
  readonly #random: Random;
  readonly #trace: Trace;
  readonly #judge: Judge;
  readonly #life: AgentLife;
  readonly #story: Story;
  readonly #evictions: EvictionJudge | undefined;
  readonly #health: HealthStory | undefined;
  readonly #pressure: MemoryStory | DiskStory | undefined;
  readonly #preemptions = new Preemptions();
  #steps = 0;

  constructor(options: RunOptions) {
    this.#options = options;
    const random = new Random(options.seed);
    this.#random = random;
    const weather = new Weather(random.fork(), drawClimate(random));
    const plot = drawPressure(options.seed);
    this.node = new SimNode(random.fork(), weather.behaviour, plot?.disks);
    for (const image of IMAGES) this.node.images.publish(image, this.node.disks.imageBytes);
    this.desire = new Desire(this.node);
    this.#trace = new Trace(this.node.time, options.keptLines ?? 200);
    this.#judge = new Judge(this, this.#trace);
    const judge = this.#judge;
    this.#evictions =
      plot &&
      new EvictionJudge({
        node: this.node,
        thresholds: plot.thresholds,
        recordsBehindAtMs: () => this.recordsBehindAtMs,
        isExempt: (container) => this.#isExempt(container),
        agentRecords: () => this.agent?.view.evictionRecords() ?? [],
        accuse: (invariant, message) => judge.accuse(invariant, message),
        reliefLimitMs: RELIEF_LIMIT_MS[plot.kind],
        decidesOnFirstLook: plot.policy.evictionPace === "Reference",
      });
    if (this.#evictions !== undefined) {
      const PressureStory = plot?.kind === "disk" ? DiskStory : MemoryStory;
      this.#pressure = new PressureStory(this.node, options.seed, this.#evictions);
      if (plot?.kind === "disk") weather.reclaimTrouble = { random: new Random(options.seed + 4_000_037), rate: 0.15 };
    }
    this.#life = new AgentLife({
      node: this.node,
      weather,
      trace: this.#trace,
      ...(plot !== undefined && { eviction: evictionOptions(plot) }),
      ...(options.compose !== undefined && { compose: options.compose }),
      witness: {
        onRequest: (request) => judge.onRequest(request),
        onTold: (source, snapshot) => {
          this.#trace.add(`told ${source.kind}: ${"files" in snapshot ? snapshot.files.length : "unreadable"}`);
          this.desire.told(source, snapshot);
        },
        onStatus: (uid, status, isEnding) => {
          this.#preemptions.see(uid, status);
          judge.onStatus(uid, status, isEnding);
        },
        onBorn: (recordsAreBehind) => {
          this.desire.newAgent(recordsAreBehind);
          this.agentStartedAtMs = this.node.time.monotonicMs;
          if (recordsAreBehind) this.recordsBehindAtMs = this.agentStartedAtMs;
        },
      },
    });
    const parts = { node: this.node, weather, life: this.#life, trace: this.#trace, random: random.fork() };
    const onClockJump = () => {
      this.clockJumpedAtMs = this.node.time.monotonicMs;
    };
    const shapes = [drawTightRoom(options.seed), drawProbes(options.seed)].filter((shape) => shape !== undefined);
    const shape = (text: string) => shapes.reduce((shaped, each) => each(shaped), text);
    this.#story = new Story({ ...parts, onClockJump, shape }, drawPlot(random));
    if (hasProbes(options.seed)) {
      this.#health = new HealthStory(this, options.seed, (invariant, message) => judge.accuse(invariant, message));
    }
  }

  /** Its pod is never evicted. */
  #isExempt(container: ContainerRecord): boolean {
    if (container.sandbox.config.metadata.name.endsWith("-sim")) return true;
    const pod = this.desire.pod(podUidOf(container));
    return pod !== undefined && isCriticalPod(pod);
  }

  wasEvicted(uid: string, sinceMs: number): boolean {
    if (this.#preemptions.isOut(uid)) return true;
    return this.#evictionsOf(uid).some(
      ({ atMs, goneAtMs }) => goneAtMs === undefined || goneAtMs >= sinceMs || atMs >= sinceMs,
    );
  }

  evictions(uid: string): number {
    return this.#evictionsOf(uid).length + this.#preemptions.count(uid);
  }

  #evictionsOf(uid: string): readonly EvictionRecord[] {
    return this.#evictions?.evictionsOf(uid) ?? [];
  }

  get agent() {
    return this.#life.agent;
  }

  async all(): Promise<void> {
    this.#life.start();
    const endMs = this.#options.hours * HOUR_MS;
    while (this.node.time.monotonicMs < endMs && !this.#judge.isDone) {
      this.#story.storm();
      this.#pressure?.storm();
      this.#evictions?.storm();
      this.#health?.storm();
      await this.#until(this.node.time.monotonicMs + this.#random.between(60, 900) * 1000);
      if (this.#judge.isDone) return;
      this.#story.calm();
      this.#pressure?.calm();
      this.#evictions?.calm();
      this.#health?.calm();
      await this.#settle(SETTLE_LIMIT_MS, "wanted and real state agree once faults stop", () => [
        ...(this.#evictions?.standing() ?? []),
        ...(this.#health?.unsettled() ?? []),
        ...unsettled(this),
      ]);
    }
    if (this.#judge.isDone) return;
    this.#story.clear();
    await this.#settle(CLEAR_LIMIT_MS, "nothing is left of pods that are gone", () => leftovers(this.node, new Set()));
    if (!this.#judge.isDone) await this.#end();
  }

  result(): RunResult {
    return {
      seed: this.#options.seed,
      steps: this.#steps,
      traceHash: this.#trace.hash,
      violations: this.#judge.violations,
      lastLines: this.#trace.lastLines(),
      agents: this.#life.births,
      starts: this.#judge.starts,
      evictions: this.#evictions?.count ?? 0,
    };
  }

  async #settle(limitMs: number, rule: string, missing: () => readonly string[]): Promise<void> {
    const startMs = this.node.time.monotonicMs;
    while (!this.#judge.isDone) {
      await this.#until(this.node.time.monotonicMs + LOOK_EVERY_MS);
      const all = missing();
      if (all.length === 0) return;
      if (this.node.time.monotonicMs - startMs >= limitMs) this.#judge.accuse(rule, all.join("; "));
    }
  }

  async #end(): Promise<void> {
    const { time } = this.node;
    let ended = false;
    this.#life.stop().then(
      () => {
        ended = true;
      },
      (error: unknown) => this.#judge.accuse("the agent stops when told", String(error)),
    );
    await this.#until(time.monotonicMs + 10_000);
    if (!ended && !this.#judge.isDone) this.#judge.accuse("the agent stops when told", "it has not after 10 s");
  }

  async #until(untilMs: number): Promise<void> {
    const { time } = this.node;
    const { drain } = this.#options;
    if (time.takeTouched()) await drain();
    while (!this.#judge.isDone && time.step(untilMs)) {
      this.#steps += 1;
      if (time.takeTouched()) await drain();
    }
  }
}
