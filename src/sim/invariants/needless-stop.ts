/** Nothing that runs well and is wanted as it is gets stopped by the agent, whatever goes wrong around it. */
import { containerInfoFromLabels } from "../../core/cri/labels.ts";
import type { ContainerRecord } from "../runtime/records.ts";
import { containerText, type Invariant, podUidOf, type Scene } from "./invariant.ts";

export function noNeedlessStop(scene: Scene): Invariant {
  const { runtime } = scene.node;
  const judge = (container: ContainerRecord | undefined, how: string): string | undefined => {
    if (container?.state !== "running" || isStopJustified(scene, container)) return undefined;
    return `${containerText(container)} runs and is wanted as it is, but ${how}`;
  };
  return {
    name: "no container is stopped that nobody asked to stop",
    onRequest: (request) => {
      switch (request.call) {
        case "StopContainer":
        case "RemoveContainer":
          return judge(runtime.containers.get(request.containerId), `the agent asks for ${request.call}`);
        case "StopPodSandbox":
        case "RemovePodSandbox": {
          const containers = runtime.containersOf(request.sandboxId);
          return first(containers.map((container) => judge(container, `the agent asks for ${request.call}`)));
        }
        default:
          return undefined;
      }
    },
    onContainer: (container, change, cause) => {
      if (change !== "ended" || cause !== "cgroupRemoved" || isStopJustified(scene, container)) return undefined;
      return `${containerText(container)} was killed with its pod's cgroup`;
    },
  };
}

function isStopJustified(scene: Scene, container: ContainerRecord): boolean {
  const { desire, node, draining } = scene;
  if (draining || container.lost || !container.sandbox.ready) return true;
  const uid = podUidOf(container);
  const { hash, containerName } = containerInfoFromLabels(
    container.config.labels ?? {},
    container.config.annotations ?? {},
  );
  // Whether it had to be is judged where its health is.
  if (container.hasFailedProbe && hasFatalProbe(scene, container)) return true;
  if (isPastDeadline(scene, uid) || hasLostInit(scene, uid)) return true;
  // Whether it was allowed is judged where memory is.
  if (scene.wasEvicted(uid, container.createdAtMs)) return true;
  if (desire.wasUnwantedSince(uid, containerName, hash, container.createdAtMonotonicMs)) return true;
  // The kubelet replaces all sandboxes of a pod that has more than one that is ready.
  const ready = [...node.runtime.sandboxes.values()].filter(
    (sandbox) => sandbox.ready && sandbox.config.metadata.uid === uid,
  );
  return ready.length > 1;
}

/** One whose failure ends it. */
function hasFatalProbe({ desire }: Scene, container: ContainerRecord): boolean {
  const spec = desire
    .pod(podUidOf(container))
    ?.spec?.containers.find(({ name }) => name === container.config.metadata.name);
  return spec?.livenessProbe !== undefined || spec?.startupProbe !== undefined;
}

/** An init container that the runtime lost sight of counts as failed, and with it a pod that restarts nothing. */
function hasLostInit({ desire, node }: Scene, uid: string): boolean {
  const { restartPolicy, initContainers = [] } = desire.pod(uid)?.spec ?? {};
  if (restartPolicy !== "Never") return false;
  const names = new Set(initContainers.map(({ name }) => name));
  return [...node.runtime.containers.values()].some(
    (each) => each.lost && podUidOf(each) === uid && names.has(each.config.metadata.name),
  );
}

/** The pod's activeDeadlineSeconds are over, or a jump of the wall clock makes it look so. */
function isPastDeadline({ desire, node, clockJumpedAtMs }: Scene, uid: string): boolean {
  const seconds = desire.pod(uid)?.spec?.activeDeadlineSeconds;
  const sinceMs = desire.wantedSinceMs(uid);
  if (seconds === undefined || sinceMs === undefined) return false;
  // Start times have whole seconds.
  return clockJumpedAtMs >= sinceMs || node.time.monotonicMs - sinceMs >= (seconds - 1) * 1000;
}

function first(answers: readonly (string | undefined)[]): string | undefined {
  return answers.find((answer) => answer !== undefined);
}
