/**
 * Lets pods in: asks core whether there is room, holds back a pod until those that make room have ended, ends whoever has
 * to go for a critical pod, and tries refused standalone pods again when a pod has left.
 * Source: kubelet kubelet.go HandlePodAdditions, canAdmitPod, rejectPod.
 */
import {
  type AdmissionNode,
  decideAdmission,
  inAdmissionOrder,
  isOutOfRoom,
  type PodDemand,
  type PodInside,
  PREEMPTED_MESSAGE,
  PREEMPTED_REASON,
  podDemand,
  type Refusal,
} from "../../core/admission/index.ts";
import type { Pod, PodCondition, PodStatus } from "../../core/api/types.ts";
import type { Admission } from "../../core/eviction/index.ts";
import { podFullName } from "../../core/pod/names.ts";
import { isTerminalPhase } from "../../core/pod/phase.ts";
import { qosClass } from "../../core/pod/qos.ts";
import { isStandalonePod } from "../../core/pod/standalone-pod.ts";
import { unsupportedFields } from "../../core/pod/unsupported-fields.ts";
import type { KillStatus } from "../../core/pod-worker/state.ts";
import type { Log } from "../../ports/log.ts";
import type { EventRecorder } from "../events/event-recorder.ts";
import type { Pleg } from "../pleg/pleg.ts";
import type { PodWorkers } from "../pod-workers/pod-workers.ts";
import type { PodManager } from "../pods/pod-manager.ts";
import type { StatusManager } from "../status/status-manager.ts";

/** Says whether a new pod may start, room apart; one that may not has failed. */
export interface AdmissionCheck {
  admit(pod: Pod): Admission;
  /** `true`: an agent before this one had begun to end it, and its worker was told to go on with that. */
  finishInterrupted?(pod: Pod): boolean;
  /** `listener` is called when who was refused may be let in now; it must not throw. */
  onChange?(listener: () => void): void;
}

export interface PodAdmissionPorts {
  readonly log: Log;
  readonly events: EventRecorder;
  readonly pods: Pick<PodManager, "pods">;
  readonly pleg: Pick<Pleg, "isKnown" | "peek" | "relistedAtMonotonic">;
  readonly statuses: StatusManager;
  readonly workers: PodWorkers;
}

export interface PodAdmissionOptions {
  readonly node: AdmissionNode;
}

const DISRUPTED: PodCondition = {
  type: "DisruptionTarget",
  status: "True",
  reason: "TerminationByKubelet",
  message: "Pod was preempted by Kubelet to accommodate a critical pod.",
};
const PREEMPTED: KillStatus = {
  phase: "Failed",
  reason: PREEMPTED_REASON,
  message: PREEMPTED_MESSAGE,
  conditions: [DISRUPTED],
};
/** Pods that a message names. */
const MAX_NAMED = 5;
/** Fields that one event names. */
const MAX_TOLD_FIELDS = 10;

/** Where a wanted pod stands: `unknown` until the runtime has been listed. */
type Standing = "inside" | "unknown" | "refused" | "new";

export class PodAdmission {
  readonly #ports: PodAdmissionPorts;
  readonly #node: AdmissionNode;
  readonly #checks: AdmissionCheck[] = [];
  /** Let in as soon as others have ended, oldest first; their room is theirs already. */
  readonly #waiting = new Map<string, Pod>();
  /** Let in, and to start once nothing is left of an older self of theirs. */
  readonly #returning = new Map<string, Pod>();
  readonly #demands = new WeakMap<Pod, PodDemand>();
  #isScheduled = false;
  #isClosed = false;

  constructor(ports: PodAdmissionPorts, options: PodAdmissionOptions) {
    this.#ports = ports;
    this.#node = options.node;
    ports.workers.onRoom(() => this.#schedule());
  }

  /** New pods must pass this check, too, before room is looked for; checks are asked in the order in which they came. */
  checkBy(check: AdmissionCheck): void {
    this.#checks.push(check);
    check.onChange?.(() => this.#schedule());
  }

  /**
   * These pods are wanted in this version. Who runs, or was let in by an agent before this one, is in; then the new ones
   * are let in one by one. A pod whose standing is not known yet has to be given again.
   */
  take(pods: readonly Pod[]): void {
    if (this.#isClosed) return;
    const fresh: Pod[] = [];
    for (const pod of pods) {
      if (!this.#ports.workers.has(uidOf(pod)) && this.#mustNotStart(pod)) continue;
      const standing = this.#standingOf(pod);
      if (standing === "inside") this.#ports.workers.update(pod);
      else if (standing === "new" || standing === "refused") fresh.push(pod);
    }
    for (const pod of inAdmissionOrder(fresh)) this.#consider(pod, true);
  }

  /** No source wants the pod any more. */
  forget(uid: string): void {
    this.#returning.delete(uid);
    if (this.#waiting.delete(uid)) this.#schedule();
  }

  /** Nobody is let in any more. */
  close(): void {
    this.#isClosed = true;
    this.#waiting.clear();
  }

  /** The end of an older self has not reached the disk yet, or the pod itself has to be ended first. */
  #mustNotStart(pod: Pod): boolean {
    if (!this.#ports.statuses.isEndStored(uidOf(pod))) return true;
    if (this.#checks.some((check) => check.finishInterrupted?.(pod) === true)) return true;
    return this.#finishPreemption(pod);
  }

  /** `true`: an agent before this one had begun to preempt the pod, and it is ended now. */
  #finishPreemption(pod: Pod): boolean {
    const { log, statuses, workers } = this.#ports;
    const status = statuses.get(uidOf(pod));
    if (isTerminalPhase(status?.phase) || !isDisrupted(status)) return false;
    log.info("an interrupted preemption is finished", { pod: pod.metadata?.name, namespace: pod.metadata?.namespace });
    workers.kill(pod, { evict: true, status: PREEMPTED });
    return true;
  }

  #standingOf(pod: Pod): Standing {
    const { pleg, statuses, workers } = this.#ports;
    const uid = uidOf(pod);
    const status = statuses.get(uid);
    const worker = workers.state.workers[uid];
    if (worker !== undefined) {
      // It is looked at again when nothing is left of its older self.
      if (workers.isLeaving(uid)) return "inside";
      return worker.phase === "finished" && mayBeTriedAgain(pod, status) ? "refused" : "inside";
    }
    if (pleg.isKnown(uid) || (status !== undefined && !isOutOfRoom(status))) return "inside";
    return pleg.relistedAtMonotonic === undefined ? "unknown" : "new";
  }

  /** `isTold`: a refusal is news. */
  #consider(pod: Pod, isTold: boolean): void {
    const refusal = this.#refusalOf(pod);
    if (refusal !== undefined) {
      this.#refuse(pod, refusal, isTold);
      return;
    }
    const decision = decideAdmission(this.#input(pod));
    switch (decision.verdict) {
      case "admit":
        this.#letIn(pod);
        return;
      case "wait":
        this.#hold(pod, decision.for);
        return;
      case "preempt":
        for (const victim of decision.victims) this.#preempt(victim, pod);
        this.#hold(pod, decision.victims);
        // A victim that had not started makes room at once.
        this.#schedule();
        return;
      case "refuse":
        this.#refuse(pod, decision, isTold);
    }
  }

  #refusalOf(pod: Pod): Refusal | undefined {
    for (const check of this.#checks) {
      const admission = check.admit(pod);
      if (!admission.admit) return admission;
    }
    return undefined;
  }

  #letIn(pod: Pod): void {
    const { events, log, statuses, workers } = this.#ports;
    const uid = uidOf(pod);
    this.#waiting.delete(uid);
    this.#returning.delete(uid);
    if (workers.has(uid)) {
      log.info("a pod that was refused is let in", { pod: pod.metadata?.name, namespace: pod.metadata?.namespace });
      if (isOutOfRoom(statuses.get(uid))) events.pod(pod, "Normal", "Admitted", "There is room for the pod now");
      workers.remove(uid);
    } else {
      statuses.forget(uid);
      // It is given again when the refusal is forgotten on disk, too.
      if (!statuses.isEndStored(uid)) return;
    }
    this.#warnOfUnsupported(pod);
    workers.update(pod);
    if (!workers.has(uid) || workers.isLeaving(uid)) this.#returning.set(uid, pod);
  }

  #warnOfUnsupported(pod: Pod): void {
    const fields = unsupportedFields(pod);
    if (fields.length === 0) return;
    const more = fields.length > MAX_TOLD_FIELDS ? ` and ${fields.length - MAX_TOLD_FIELDS} more` : "";
    const list = fields.slice(0, MAX_TOLD_FIELDS).join(", ");
    this.#ports.events.pod(pod, "Warning", "FieldNotSupported", `not acted on by this version: ${list}${more}`);
  }

  #hold(pod: Pod, others: readonly Pod[]): void {
    const uid = uidOf(pod);
    const isNew = !this.#waiting.has(uid);
    this.#waiting.set(uid, pod);
    if (isNew && others.length > 0) {
      this.#ports.events.pod(pod, "Normal", "WaitingForRoom", `Waiting for pods that are ending: ${namesOf(others)}`);
    }
  }

  #refuse(pod: Pod, { reason, message }: Refusal, isTold: boolean): void {
    const { events, statuses, workers } = this.#ports;
    const uid = uidOf(pod);
    const wasHeld = this.#waiting.delete(uid);
    if (workers.has(uid) && !isTold && !wasHeld) return;
    events.pod(pod, "Warning", reason, message);
    // Who ran and had to go keeps that reason, and what its containers came to.
    if (statuses.get(uid)?.reason === PREEMPTED_REASON) workers.update(pod);
    else this.#fail(pod, { phase: "Failed", reason, message: `Pod was rejected: ${message}`, qosClass: qosClass(pod) });
  }

  /** Source: kubelet kubelet.go rejectPod. */
  #fail(pod: Pod, status: PodStatus): void {
    const { statuses, workers } = this.#ports;
    const uid = uidOf(pod);
    statuses.set(uid, status);
    workers.update(pod);
  }

  /** Source: kubelet preemption.go evictPodsToFreeRequests. Differs: nobody waits for the end but the critical pod. */
  #preempt(victim: Pod, preemptor: Pod): void {
    const { events, log, statuses, workers } = this.#ports;
    const { name, namespace } = victim.metadata ?? {};
    log.warn("pod is preempted", { pod: name, namespace, for: podFullName(preemptor) });
    events.pod(victim, "Warning", PREEMPTED_REASON, PREEMPTED_MESSAGE);
    // It is let in anew, or refused, when it is time for it to start.
    if (this.#returning.delete(uidOf(victim))) return;
    if (this.#waiting.delete(uidOf(victim))) {
      const { reason, message, conditions = [] } = PREEMPTED;
      this.#fail(victim, { phase: "Failed", reason, message, conditions, qosClass: qosClass(victim) });
    } else {
      // On disk before anything of it ends: an agent that dies meanwhile would otherwise start it again.
      statuses.set(uidOf(victim), disrupted(statuses.get(uidOf(victim))));
      workers.kill(victim, { evict: true, status: PREEMPTED });
    }
  }

  /** After the event that made room has been worked off. */
  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    Promise.resolve().then(() => {
      this.#isScheduled = false;
      this.#lookAgain();
    });
  }

  #lookAgain(): void {
    const { pods, workers } = this.#ports;
    if (this.#isClosed) return;
    for (const pod of [...this.#waiting.values()]) this.#considerHeld(pod);
    const wanted = pods.pods().map(({ pod }) => pod);
    const refused = wanted.filter((pod) => this.#standingOf(pod) === "refused" && !this.#waiting.has(uidOf(pod)));
    for (const pod of inAdmissionOrder(refused)) this.#consider(pod, false);
    this.take(wanted.filter((pod) => !workers.has(uidOf(pod)) && !this.#waiting.has(uidOf(pod))));
  }

  /** Who waits is not told again that it waits. */
  #considerHeld(pod: Pod): void {
    const refusal = this.#refusalOf(pod);
    if (refusal !== undefined) {
      this.#refuse(pod, refusal, true);
      return;
    }
    const decision = decideAdmission(this.#input(pod));
    if (decision.verdict === "admit") this.#letIn(pod);
    else if (decision.verdict !== "wait") this.#consider(pod, true);
  }

  #input(pod: Pod) {
    return { node: this.#node, pod, demand: this.#demandOf(pod), inside: this.#inside(pod) };
  }

  /** Everybody who holds room but the pod itself and whom it replaces. Source: kubelet filterOutInactivePods. */
  #inside(pod: Pod): readonly PodInside[] {
    const { statuses, workers } = this.#ports;
    const [uid, fullName] = [uidOf(pod), podFullName(pod)];
    const inside = new Map<string, PodInside>();
    const add = (other: Pod, isEnding: boolean) =>
      inside.set(uidOf(other), { pod: other, demand: this.#demandOf(other), isEnding });
    for (const worker of Object.values(workers.state.workers)) {
      if (worker.runtimeOnly || worker.fullName === fullName || worker.terminatedAtMs !== undefined) continue;
      // One that has ended may have left containers to an agent that died before it could stop them.
      const isOver = isTerminalPhase(statuses.get(worker.uid)?.phase);
      if (isOver && !this.#mayRun(worker.uid)) continue;
      add(worker.pod, isOver || worker.phase !== "sync");
    }
    for (const other of [...this.#returning.values(), ...this.#waiting.values()]) add(other, false);
    inside.delete(uid);
    return [...inside.values()];
  }

  #mayRun(uid: string): boolean {
    const { pleg } = this.#ports;
    const status = pleg.peek(uid);
    if (status === undefined) return pleg.isKnown(uid);
    const { sandboxStatuses, containerStatuses } = status;
    return (
      sandboxStatuses.some(({ state }) => state === "SANDBOX_READY") ||
      containerStatuses.some(({ state }) => state === "CONTAINER_RUNNING")
    );
  }

  #demandOf(pod: Pod): PodDemand {
    const known = this.#demands.get(pod);
    if (known !== undefined) return known;
    const demand = podDemand(pod);
    this.#demands.set(pod, demand);
    return demand;
  }
}

/**
 * Differs: nobody makes another pod in place of a standalone one, so it is let in once there is room. A static pod stays
 * refused until its file changes or the agent starts anew, as in the kubelet.
 */
function mayBeTriedAgain(pod: Pod, status: PodStatus | undefined): boolean {
  return isStandalonePod(pod) && isOutOfRoom(status);
}

function isDisrupted(status: PodStatus | undefined): boolean {
  return (
    status?.conditions?.some(({ type, message }) => type === DISRUPTED.type && message === DISRUPTED.message) === true
  );
}

/** The status of a pod that is about to be preempted. */
function disrupted(status: PodStatus = { phase: "Pending" }): PodStatus {
  const others = (status.conditions ?? []).filter(({ type }) => type !== DISRUPTED.type);
  return { ...status, conditions: [...others, DISRUPTED] };
}

function namesOf(pods: readonly Pod[]): string {
  const names = pods.map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`);
  const more = names.length - MAX_NAMED;
  return [...names.slice(0, MAX_NAMED), ...(more > 0 ? [`${more} more`] : [])].join(", ");
}

function uidOf(pod: Pod): string {
  return pod.metadata?.uid ?? "";
}
