/**
 * How bad things are now: the fate of every call and event. In calm weather calls take a moment and succeed; in a storm
 * they fail, hang, answer late or happen though they were told to have failed.
 */
import { HostError, RuntimeError, type RuntimeErrorCode } from "../../ports/errors.ts";
import type { RuntimeEvent } from "../../ports/runtime.ts";
import { AT_ONCE, type Fate, type PortName } from "../line.ts";
import type { NodeBehaviour } from "../node/sim-node.ts";
import type { Random } from "../random.ts";

/** Traits of one scenario, drawn once. Rates are probabilities per call or event. */
export interface Climate {
  readonly eventStream: boolean;
  readonly eventsNamePod: boolean;
  readonly callFaults: number;
  readonly fileFaults: number;
  readonly eventFaults: number;
  /** Longest usual latency of a call. */
  readonly latencyMs: number;
  readonly exitShownMs: number;
}

export function drawClimate(random: Random): Climate {
  return {
    eventStream: random.chance(0.85),
    eventsNamePod: random.chance(0.5),
    callFaults: random.pick([0, 0.005, 0.02, 0.08]),
    fileFaults: random.pick([0, 0, 0.01, 0.05]),
    eventFaults: random.pick([0, 0.05, 0.3]),
    latencyMs: random.pick([2, 10, 50, 400]),
    exitShownMs: random.pick([0, 0, 40, 1_500]),
  };
}

export class Weather {
  readonly #random: Random;
  readonly climate: Climate;
  stormy = false;
  /** The runtime does not answer at all. */
  runtimeDown = false;
  diskFull = false;
  networkProblem: string | undefined;
  /** Where room is made under pressure: how often that goes wrong in a storm, by chances of its own. */
  reclaimTrouble: { readonly random: Random; readonly rate: number } | undefined;

  constructor(random: Random, climate: Climate) {
    this.#random = random;
    this.climate = climate;
  }

  /** All is well from now on. */
  calm(): void {
    this.stormy = false;
    this.runtimeDown = false;
    this.diskFull = false;
    this.networkProblem = undefined;
  }

  fateOf(port: PortName, call: string): Fate {
    if (port === "store") return this.diskFull ? { ...AT_ONCE, fault: "fails", error: noSpace } : AT_ONCE;
    // A reading that fails is a missing figure, not an error.
    if (port === "stats") return AT_ONCE;
    if (port === "runtime" || port === "images") return this.#fateOfRuntimeCall(call);
    return this.#fateOfHostCall(call);
  }

  readonly behaviour: NodeBehaviour = {
    sandboxMs: () => this.#spread(this.climate.latencyMs * 5),
    startMs: () => this.#spread(this.climate.latencyMs * 2),
    exitShownMs: () => this.#random.between(0, this.climate.exitShownMs),
    pullMs: () => this.#random.exponential(this.stormy ? 20_000 : 2_000),
    manifestLagMs: () => this.#random.exponential(this.stormy ? 2_000 : 200),
    networkProblem: () => this.networkProblem,
    figureIsMissing: () => this.stormy && this.#random.chance(this.climate.fileFaults),
    events: {
      exists: () => this.climate.eventStream,
      namesPod: () => this.climate.eventsNamePod,
      connectMs: () => this.#spread(this.climate.latencyMs),
      reachable: () => !this.runtimeDown,
      delays: (event) => this.#delaysOf(event),
    },
  };

  #fateOfRuntimeCall(call: string): Fate {
    const { latencyMs, callFaults } = this.climate;
    if (this.runtimeDown) return { requestMs: 0, answerMs: 1, fault: "fails", error: unavailable };
    const trouble = this.#reclaimTroubleOf(call);
    if (trouble !== undefined) return trouble;
    const requestMs = this.#spread(latencyMs);
    const answerMs = this.#spread(latencyMs);
    if (!this.stormy || !this.#random.chance(callFaults)) return { requestMs, answerMs };
    const kind = this.#random.between(1, 12);
    if (kind <= 4) return { requestMs, answerMs, fault: "fails", error: this.#anyError() };
    if (kind <= 6) return { requestMs, answerMs, fault: "lost", error: this.#lostError() };
    if (kind === 7) return { requestMs, answerMs, fault: "hangs" };
    if (kind === 8 && call !== "ExecSync") return { requestMs, answerMs, fault: "twice" };
    if (kind <= 10) return { requestMs: this.#random.exponential(5_000), answerMs };
    return { requestMs, answerMs: this.#random.exponential(5_000) };
  }

  /** It fails, hangs, or takes its time. */
  #reclaimTroubleOf(call: string): Fate | undefined {
    if (!this.stormy || this.reclaimTrouble === undefined || !RECLAIM_CALLS.has(call)) return undefined;
    const { random, rate } = this.reclaimTrouble;
    if (!random.chance(rate)) return undefined;
    const kind = random.between(1, 5);
    if (kind === 1) return { requestMs: 0, answerMs: 0, fault: "hangs" };
    if (kind <= 3) return { requestMs: 0, answerMs: random.exponential(20_000) };
    const error = (name: string) => new RuntimeError("Unknown", name, "simulated: it is in use");
    return { requestMs: 0, answerMs: random.exponential(500), fault: "fails", error };
  }

  #fateOfHostCall(_call: string): Fate {
    const requestMs = this.#random.chance(0.2) ? this.#spread(5) : 0;
    if (this.diskFull && this.#random.chance(0.5)) return { requestMs, answerMs: 0, fault: "fails", error: noSpace };
    if (!this.stormy || !this.#random.chance(this.climate.fileFaults)) return { requestMs, answerMs: 0 };
    const fault = this.#random.pick(["fails", "fails", "lost"]);
    return { requestMs, answerMs: this.#spread(1_000), fault, error: this.#hostError() };
  }

  #delaysOf(_event: RuntimeEvent): readonly number[] {
    const usual = this.#spread(this.climate.latencyMs);
    if (!this.stormy || !this.#random.chance(this.climate.eventFaults)) return [usual];
    switch (this.#random.between(1, 3)) {
      case 1:
        return [];
      case 2:
        return [usual, usual + this.#random.exponential(1_000)];
      default:
        return [this.#random.exponential(3_000)];
    }
  }

  /** Mostly short, at times up to `mostMs`, half of the time nothing at all. */
  #spread(mostMs: number): number {
    const draw = this.#random.unit();
    return draw < 0.5 ? 0 : Math.floor((draw - 0.5) ** 2 * 4 * mostMs) + 1;
  }

  #anyError(): (call: string) => RuntimeError {
    const code = this.#random.pick(ERROR_CODES);
    return (call) => new RuntimeError(code, call, `simulated ${code}`);
  }

  #lostError(): (call: string) => RuntimeError {
    const code = this.#random.pick(["Unavailable", "Unavailable", "DeadlineExceeded", "Unknown"]);
    return (call) => new RuntimeError(code, call, `simulated ${code} after the deed`);
  }

  #hostError(): (call: string) => HostError {
    const code = this.#random.pick(["NoSpace", "Busy", "Denied", "Other"]);
    return (call) => new HostError(code, call, `simulated ${code}`);
  }
}

const RECLAIM_CALLS: ReadonlySet<string> = new Set(["RemoveImage", "RemoveContainer", "StopContainer", "ImageFsInfo"]);

const ERROR_CODES: readonly [RuntimeErrorCode, ...RuntimeErrorCode[]] = [
  "Unavailable",
  "Unavailable",
  "DeadlineExceeded",
  "Unknown",
  "Unknown",
  "ResourceExhausted",
  "FailedPrecondition",
  "InvalidArgument",
];

function unavailable(call: string): RuntimeError {
  return new RuntimeError("Unavailable", call, "connect ENOENT /run/sim.sock");
}

function noSpace(call: string): HostError {
  return new HostError("NoSpace", call, "no space left on device");
}
