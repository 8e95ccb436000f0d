/** Holds every rule against what happens, and writes the trace of it. */
import type { PodStatus } from "../../core/api/types.ts";
import { oneInstance, onePodOfAName } from "../invariants/instances.ts";
import { containerText, type Invariant, type Scene, type Violation } from "../invariants/invariant.ts";
import { noNeedlessStop } from "../invariants/needless-stop.ts";
import { phasesAreLegal, shownRestartCountGrows } from "../invariants/phases.ts";
import { backOffIsRespected, restartCountGrows, restartPolicyHolds } from "../invariants/restarts.ts";
import { roomHolds } from "../invariants/room.ts";
import { noUnwantedStart } from "../invariants/unwanted-start.ts";
import type { Request } from "../runtime/runtime-port.ts";
import type { Trace } from "./trace.ts";

/** Every rule that is held against each event. */
export function allInvariants(scene: Scene): readonly Invariant[] {
  return [
    oneInstance(scene),
    onePodOfAName(scene),
    noNeedlessStop(scene),
    noUnwantedStart(scene),
    restartCountGrows(scene),
    restartPolicyHolds(scene),
    backOffIsRespected(scene),
    phasesAreLegal(scene),
    shownRestartCountGrows(scene),
    roomHolds(scene),
  ];
}

export class Judge {
  readonly #scene: Scene;
  readonly #trace: Trace;
  readonly #invariants: readonly Invariant[];
  readonly #violations: Violation[] = [];
  #starts = 0;

  constructor(scene: Scene, trace: Trace) {
    this.#scene = scene;
    this.#trace = trace;
    this.#invariants = allInvariants(scene);
    scene.node.runtime.watch({
      onSandbox: (sandbox, change) => {
        const { name, attempt } = sandbox.config.metadata;
        trace.add(`sandbox ${sandbox.id.slice(0, 8)} ${name}#${attempt} ${change}`);
        this.#all((invariant) => invariant.onSandbox?.(sandbox, change));
      },
      onContainer: (container, change, cause) => {
        if (change === "started") this.#starts += 1;
        const end = change === "ended" ? ` (${cause}) with ${container.exitCode}` : "";
        trace.add(`container ${container.id.slice(0, 8)} ${containerText(container)} ${change}${end}`);
        this.#all((invariant) => invariant.onContainer?.(container, change, cause));
      },
    });
  }

  get violations(): readonly Violation[] {
    return this.#violations;
  }

  get isDone(): boolean {
    return this.#violations.length > 0;
  }

  get starts(): number {
    return this.#starts;
  }

  onRequest(request: Request): void {
    this.#trace.add(`asks ${Object.values(request).join(" ")}`);
    this.#all((invariant) => invariant.onRequest?.(request));
  }

  onStatus(uid: string, status: PodStatus, isEnding: boolean): void {
    this.#trace.add(`status ${uid} ${status.phase}`);
    if (!isEnding) this.#all((invariant) => invariant.onStatus?.(uid, status));
  }

  accuse(invariant: string, message: string): void {
    const atMs = this.#scene.node.time.monotonicMs;
    this.#violations.push({ atMs, invariant, message });
    this.#trace.add(`VIOLATION ${invariant}: ${message}`);
  }

  #all(judge: (invariant: Invariant) => string | undefined): void {
    for (const invariant of this.#invariants) {
      const message = judge(invariant);
      if (message !== undefined) this.accuse(invariant.name, message);
    }
  }
}
