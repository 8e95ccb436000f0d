/**
 * Keeps the node alive when memory, disk, inodes or process IDs run short. Observes, lets core decide and applies: every
 * 10 s, and at once when the kernel tells that memory runs short. Never waits for a victim: pods on their way out are a
 * part of what the next decision sees. Source: kubelet eviction_manager.go.
 */
import type { Pod } from "../../core/api/types.ts";
import {
  type Admission,
  admitUnderPressure,
  afterReclaim,
  type EvictablePod,
  type EvictionConfig,
  type EvictionDecision,
  type EvictionInput,
  type EvictionPlan,
  type EvictionState,
  type EvictionTrace,
  evictablePod,
  INITIAL_EVICTION_STATE,
  type PodInProgress,
  type PressureCondition,
  type ReclaimPlan,
  type ReclaimPodMemoryPlan,
  stepEviction,
} from "../../core/eviction/index.ts";
import { isTerminalPhase } from "../../core/pod/phase.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { Pleg } from "../pleg/pleg.ts";
import type { PodWorkers } from "../pod-workers/pod-workers.ts";
import type { StatusManager } from "../status/status-manager.ts";
import { type MeasurePorts, measurePressure } from "./measure-pressure.ts";
import type { NodeReclaim } from "./node-reclaim.ts";
import type { VictimEvictor } from "./victim-evictor.ts";

export interface EvictionManagerPorts extends MeasurePorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly pleg: Pick<Pleg, "peek">;
  readonly workers: Pick<PodWorkers, "state">;
  readonly statuses: Pick<StatusManager, "get">;
  readonly reclaim: NodeReclaim;
  readonly evictor: VictimEvictor;
}

export interface EvictionManagerOptions {
  /** `undefined`: the filesystems are not known yet, so nothing is decided. */
  readonly config: () => Promise<EvictionConfig | undefined>;
  /** Between two rounds that nobody asked for (the kubelet: 10 s). */
  readonly periodMs: number;
}

/** What the last round saw and decided, for whoever asks why. */
export interface EvictionRound {
  readonly atMs: number;
  readonly config: EvictionConfig;
  readonly input: EvictionInput;
  readonly plan: EvictionPlan;
  readonly trace: EvictionTrace;
}

/** What the explaining functions of core take. Absent: nothing is known yet. */
export interface PressureNow {
  readonly atMs: number;
  readonly config?: EvictionConfig;
  readonly state?: EvictionState;
  readonly input?: EvictionInput;
}

type ConditionsListener = (conditions: readonly PressureCondition[], before: readonly PressureCondition[]) => void;

export class EvictionManager {
  readonly #ports: EvictionManagerPorts;
  readonly #options: EvictionManagerOptions;
  #state: EvictionState = INITIAL_EVICTION_STATE;
  #round: EvictionRound | undefined;
  #running: Promise<void> | undefined;
  /** Something happened while a round was under way. */
  #isWanted = false;
  #signal: AbortSignal = new AbortController().signal;
  #done: Promise<void> = Promise.resolve();
  readonly #endingSince = new Map<string, number>();
  readonly #evictable = new WeakMap<Pod, EvictablePod>();
  #conditionListeners: readonly ConditionsListener[] = [];
  #roundListeners: readonly ((round: EvictionRound) => void)[] = [];

  constructor(ports: EvictionManagerPorts, options: EvictionManagerOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    this.#done = this.#run(signal);
  }

  async stop(): Promise<void> {
    await this.#done;
    await this.#running;
  }

  /** Pressure that the node reports, sorted. */
  get conditions(): readonly PressureCondition[] {
    return this.#state.conditions;
  }

  get state(): EvictionState {
    return this.#state;
  }

  /** `undefined`: there was none yet. */
  get lastRound(): EvictionRound | undefined {
    return this.#round;
  }

  /** Whether a new pod may start now. */
  admit(pod: Pod): Admission {
    return admitUnderPressure(this.#state.conditions, pod);
  }

  /** `listener` hears each change; it must not throw. */
  onConditions(listener: ConditionsListener): void {
    this.#conditionListeners = [...this.#conditionListeners, listener];
  }

  /** `listener` hears every round; it must not throw. Returns how to stop that. */
  onRound(listener: (round: EvictionRound) => void): () => void {
    this.#roundListeners = [...this.#roundListeners, listener];
    return () => {
      this.#roundListeners = this.#roundListeners.filter((other) => other !== listener);
    };
  }

  /** Where the node stands, by figures that are read for this answer. Changes nothing. */
  async explain(): Promise<PressureNow> {
    const config = await this.#options.config();
    if (config === undefined) return { atMs: this.#ports.clock.now() };
    const activePods = this.#activePods();
    const measured = await measurePressure(this.#ports, config, [], this.#signal);
    const nowMs = this.#ports.clock.monotonic();
    const input: EvictionInput = { nowMs, ...measured, activePods, inProgress: this.#inProgress(nowMs) };
    return { atMs: this.#ports.clock.now(), config, state: this.#state, input };
  }

  /** A round now, with figures that are read for it; one that is under way is followed by another. Never rejects. */
  async check(): Promise<void> {
    if (this.#running !== undefined) {
      this.#isWanted = true;
      return this.#running;
    }
    this.#running = this.#rounds();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    do await this.check();
    while (await this.#ports.clock.sleep(this.#options.periodMs, signal));
  }

  async #rounds(): Promise<void> {
    do {
      this.#isWanted = false;
      await this.#oneRound().catch((error: unknown) =>
        this.#ports.log.error("eviction round failed", { error: errorMessage(error) }),
      );
    } while (this.#isWanted && !this.#signal.aborted);
    this.#running = undefined;
  }

  async #oneRound(): Promise<void> {
    const { clock, evictor } = this.#ports;
    const config = await this.#options.config();
    if (config === undefined || this.#signal.aborted) return;
    evictor.closeRecords();
    const activePods = this.#activePods();
    const measured = await measurePressure(this.#ports, config, uidsOf(activePods), this.#signal);
    if (this.#signal.aborted) return;
    const inProgress = this.#inProgress(clock.monotonic());
    const input: EvictionInput = { nowMs: clock.monotonic(), ...measured, activePods, inProgress };
    const decision = stepEviction(config, this.#state, input);
    await this.#apply(config, input, decision);
  }

  /** What the plan asks for, and what follows from it. */
  async #apply(config: EvictionConfig, input: EvictionInput, decision: EvictionDecision): Promise<void> {
    let { plan, trace } = decision;
    let measured = input;
    this.#take(decision.state);
    while ((plan.kind === "reclaim" || plan.kind === "reclaimPodMemory") && !this.#signal.aborted) {
      const asked: ReclaimPlan | ReclaimPodMemoryPlan = plan;
      this.#tellRound({ config, input: measured, plan, trace });
      await this.#reclaim(asked);
      const again = await measurePressure(this.#ports, config, uidsOf(input.activePods), this.#signal);
      // A reclaim may take a minute: whoever ended meanwhile need not be ended.
      const inProgress = this.#inProgress(this.#ports.clock.monotonic());
      measured = { ...measured, activePods: this.#activePods(), inProgress };
      const next = afterReclaim(config, this.#state, measured, asked, again);
      this.#take(next.state);
      measured = { ...measured, ...again };
      plan = next.plan;
      trace = { ...trace, ...next.trace, thresholds: trace.thresholds };
    }
    this.#tellRound({ config, input: measured, plan, trace });
    if (this.#signal.aborted) return;
    // Something else is short: that is a matter for a round of its own, at once.
    if (isAnotherMatter(plan, trace)) this.#isWanted = true;
    this.#ports.evictor.tell(plan);
    if (plan.kind !== "evict" || this.#mustWait(config)) return;
    const { clock } = this.#ports;
    for (const victim of plan.victims) if (!plan.dryRun) this.#endingSince.set(victim.uid, clock.monotonic());
    this.#ports.evictor.evict(plan, measured, trace);
  }

  async #reclaim(plan: ReclaimPlan | ReclaimPodMemoryPlan): Promise<void> {
    this.#ports.evictor.tell(plan);
    if (plan.dryRun) return;
    if (plan.kind === "reclaim") await this.#ports.reclaim.reclaim(plan.steps, this.#signal);
    else await this.#ports.reclaim.reclaimPodMemory(plan.pods, this.#signal);
  }

  /**
   * What a dead victim leaves (files in memory, on disk) is freed while it is cleaned up, and no measurement has it yet.
   * The kubelet does nothing while a pod that it evicted has not ended, either; so it is where nothing overtakes.
   */
  #mustWait({ policy }: EvictionConfig): boolean {
    if (this.#ports.evictor.isCleaningUp()) return true;
    if (policy.overtakeTerminating) return false;
    return this.#inProgress(this.#ports.clock.monotonic()).some(({ uid }) => this.#ports.evictor.isEvicting(uid));
  }

  #take(state: EvictionState): void {
    const before = this.#state.conditions;
    this.#state = state;
    if (before.join() === state.conditions.join()) return;
    for (const listener of this.#conditionListeners) listener(state.conditions, before);
  }

  #tellRound(round: Omit<EvictionRound, "atMs">): void {
    const told: EvictionRound = { atMs: this.#ports.clock.now(), ...round };
    this.#round = told;
    for (const listener of this.#roundListeners) listener(told);
  }

  /** Pods that have something running or may start it. Source: kubelet filterOutInactivePods. */
  #activePods(): readonly EvictablePod[] {
    return Object.values(this.#ports.workers.state.workers).flatMap(({ pod, uid, runtimeOnly, phase }) => {
      if (runtimeOnly || phase === "terminated" || phase === "finished") return [];
      // One that has ended by itself is over, one that is being ended is over when its containers are.
      if (phase === "sync" && isTerminalPhase(this.#ports.statuses.get(uid)?.phase)) return [];
      if (phase === "terminating" && !this.#mayHoldMemory(uid)) return [];
      return [this.#evictablePod(pod)];
    });
  }

  /** `false`: all its containers have ended, as far as the runtime told; killing it again would free nothing. */
  #mayHoldMemory(uid: string): boolean {
    const status = this.#ports.pleg.peek(uid);
    return status === undefined || status.containerStatuses.some(({ state }) => state === "CONTAINER_RUNNING");
  }

  #evictablePod(pod: Pod): EvictablePod {
    const known = this.#evictable.get(pod) ?? evictablePod(pod);
    this.#evictable.set(pod, known);
    return known;
  }

  /** Counted from when this agent first saw them end: the wall clock of their workers may jump. */
  #inProgress(nowMs: number): readonly PodInProgress[] {
    const { workers } = this.#ports.workers.state;
    const ending = Object.values(workers).filter(({ phase, runtimeOnly }) => phase === "terminating" && !runtimeOnly);
    for (const uid of this.#endingSince.keys()) {
      if (!ending.some((worker) => worker.uid === uid)) this.#endingSince.delete(uid);
    }
    return ending.map(({ uid, graceSeconds = 0 }) => {
      const sinceMs = this.#endingSince.get(uid) ?? nowMs;
      this.#endingSince.set(uid, sinceMs);
      return { uid, sinceMs, graceSeconds };
    });
  }
}

function uidsOf(pods: readonly EvictablePod[]): readonly string[] {
  return pods.map(({ uid }) => uid);
}

/** The reclaim was enough for what it was made for, and something else is short. */
function isAnotherMatter(plan: EvictionPlan, { reclaim }: EvictionTrace): boolean {
  return plan.kind === "nothing" && plan.reason === "Reclaimed" && reclaim?.succeeded === false;
}
