import type { Container, EphemeralContainer, Pod, PodSpec } from "../api/types.ts";
import { initActions, initContainersToRemove, unknownToKill } from "./actions-init.ts";
import { newestContainerStatus, shouldContainerBeRestarted } from "./actions-restart.ts";
import { sandboxChange } from "./actions-sandbox.ts";
import type { KillReason } from "./grace-period.ts";
import { canRestart, restartsAfter, restartsWhenKilled } from "./restart-policy.ts";
import type { ProbeResult, RuntimeContainerStatus, RuntimePodStatus } from "./runtime-status.ts";

export interface ContainerToKill {
  readonly id: string;
  readonly name: string;
  /** Text of the event. */
  readonly message: string;
  readonly reason: KillReason;
}

/** What one sync does for a pod. With `killPod` everything is stopped first and `containersToKill` means nothing. */
export interface PodActions {
  /** Stop all containers and the sandbox. */
  readonly killPod: boolean;
  readonly createSandbox: boolean;
  /** The sandbox to use, or the one that is replaced; "" when there is none. */
  readonly sandboxId: string;
  readonly attempt: number;
  /** At most one that has not had its turn a sync, and sidecars that are to run again. */
  readonly initContainersToStart: readonly Container[];
  readonly containersToStart: readonly Container[];
  readonly ephemeralContainersToStart: readonly EphemeralContainer[];
  readonly containersToKill: readonly ContainerToKill[];
  /** Ids of ended instances (after `killPod`: of all listed ones) to remove before anything starts. */
  readonly initContainersToRemove: readonly string[];
}

export interface PodActionsInput {
  readonly pod: Pod;
  readonly podStatus: RuntimePodStatus;
  /** Last results by container id; no entry: no result yet, or no such probe. */
  readonly liveness: ReadonlyMap<string, ProbeResult>;
  readonly startup: ReadonlyMap<string, ProbeResult>;
  /** Hash of the container as the spec has it now; another one than an instance carries means that the spec changed. */
  readonly hashOf: (container: Container) => string;
}

type Decision = Omit<PodActions, "initContainersToRemove">;

/**
 * Source: kubelet kuberuntime_manager.go computePodActions (1.26; sidecars of 1.29, restart rules of 1.34). Lists are in
 * spec order.
 */
export function computePodActions(input: PodActionsInput): PodActions {
  const spec = input.pod.spec ?? { containers: [] };
  const decision = decide(input, spec);
  const toRemove = initContainersToRemove(spec, input.podStatus, decision.createSandbox);
  return { ...decision, initContainersToRemove: toRemove };
}

function decide(input: PodActionsInput, spec: PodSpec): Decision {
  const { pod, podStatus } = input;
  const change = sandboxChange(pod, podStatus);
  const base: Decision = {
    killPod: change.changed,
    createSandbox: change.changed,
    sandboxId: change.sandboxId,
    attempt: change.attempt,
    initContainersToStart: [],
    containersToStart: [],
    ephemeralContainersToStart: [],
    containersToKill: [],
  };
  if (change.changed) return withNewSandbox(base, spec, input);

  // They are never restarted, and need not wait for initialization.
  const ephemeralContainersToStart = (spec.ephemeralContainers ?? []).filter(
    ({ name }) => newestContainerStatus(podStatus, name) === undefined,
  );
  const init = initActions(spec, input);
  if (init.failed) return { ...base, killPod: true, ephemeralContainersToStart };
  const initialized = {
    ...base,
    ephemeralContainersToStart,
    initContainersToStart: init.start,
    containersToKill: [...init.kill, ...strays(spec, podStatus)],
  };
  if (!init.done) return initialized;
  const main = mainContainerActions(input, spec);
  // Sidecars do not keep a pod alive whose regular containers are done.
  if (main.killPod) return { ...initialized, ...main, initContainersToStart: [] };
  return { ...initialized, ...main, containersToKill: [...initialized.containersToKill, ...main.containersToKill] };
}

/** Differs: an ephemeral container that the manifest names no more is ended; the API lets nobody take one out. */
function strays(spec: PodSpec, podStatus: RuntimePodStatus): readonly ContainerToKill[] {
  const { containers, initContainers = [], ephemeralContainers = [] } = spec;
  const names = new Set([...containers, ...initContainers, ...ephemeralContainers].map(({ name }) => name));
  return podStatus.containerStatuses
    .filter(({ name, state }) => state === "CONTAINER_RUNNING" && !names.has(name))
    .map(({ id, name }) => ({ id, name, message: `Container ${name} is not in the pod any more`, reason: "" }));
}

function withNewSandbox(base: Decision, spec: PodSpec, input: PodActionsInput): Decision {
  const { podStatus } = input;
  const { containers, initContainers: [firstInit] = [] } = spec;
  // Without any container instance the sandbox never worked: creating it is tried again whatever the policy says.
  const nothingRestarts = !containers.some((container) => canRestart(container, spec));
  const over = nothingRestarts && base.attempt !== 0 && podStatus.containerStatuses.length > 0;
  if (over) return { ...base, createSandbox: false };
  const containersToStart = containers.filter((container) => !hasEndedForGood(container, spec, podStatus));
  if (containersToStart.length === 0 && initActions(spec, input).done) return { ...base, createSandbox: false };
  // A new sandbox starts from the beginning: init containers run again.
  return firstInit === undefined ? { ...base, containersToStart } : { ...base, initContainersToStart: [firstInit] };
}

/** Under the pod's policy Never alone all containers start again where any does: so does the kubelet. */
function hasEndedForGood(container: Container, spec: PodSpec, podStatus: RuntimePodStatus): boolean {
  const status = newestContainerStatus(podStatus, container.name);
  if (status?.state !== "CONTAINER_EXITED") return false;
  if (container.restartPolicy === undefined && spec.restartPolicy === "Never") return false;
  return !restartsAfter(container, spec, status.exitCode);
}

function mainContainerActions(
  input: PodActionsInput,
  spec: PodSpec,
): Pick<Decision, "killPod" | "containersToStart" | "containersToKill"> {
  const containersToStart: Container[] = [];
  const containersToKill: ContainerToKill[] = [];
  let kept = 0;
  for (const container of spec.containers) {
    const status = newestContainerStatus(input.podStatus, container.name);
    if (status?.state !== "CONTAINER_RUNNING") {
      if (!shouldContainerBeRestarted(container.name, input.pod, input.podStatus)) continue;
      containersToStart.push(container);
      if (status !== undefined) containersToKill.push(...unknownToKill(status, "Container"));
      continue;
    }
    const fault = faultOf(input, container, status);
    if (fault === undefined) {
      kept += 1;
      continue;
    }
    const restart = fault.restartAlways || restartsWhenKilled(container, spec);
    if (restart) containersToStart.push(container);
    containersToKill.push({
      id: status.id,
      name: status.name,
      message: restart ? `${fault.message}, will be restarted` : fault.message,
      reason: fault.reason,
    });
  }
  return { killPod: kept === 0 && containersToStart.length === 0, containersToStart, containersToKill };
}

interface Fault {
  readonly message: string;
  readonly reason: KillReason;
  /** Restarted whatever the restart policy says. */
  readonly restartAlways: boolean;
}

/** Why a running container must not go on; absent: it is kept. */
function faultOf(input: PodActionsInput, container: Container, status: RuntimeContainerStatus): Fault | undefined {
  if (input.hashOf(container) !== status.hash) {
    return { message: `Container ${container.name} definition changed`, reason: "", restartAlways: true };
  }
  if (input.liveness.get(status.id) === "Failure") {
    return {
      message: `Container ${container.name} failed liveness probe`,
      reason: "LivenessProbe",
      restartAlways: false,
    };
  }
  if (input.startup.get(status.id) === "Failure") {
    return {
      message: `Container ${container.name} failed startup probe`,
      reason: "StartupProbe",
      restartAlways: false,
    };
  }
  return undefined;
}
