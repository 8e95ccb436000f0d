/** Restarts: they count up, obey the restart policy and wait out the crash back-off. */

import { KUBELET_BACKOFF } from "../../core/backoff/backoff.ts";
import type { ContainerRecord } from "../runtime/records.ts";
import { containerText, type Invariant, podUidOf, type Scene } from "./invariant.ts";

/**
 * Restart counts grow as long as the runtime knows of an earlier instance, and no log is ever written over. Once nothing
 * is left of earlier instances, counting may begin anew. An instance that never ran is the newest to the garbage
 * collector, too, which then takes the one before: its number may come again once the other is gone.
 */
export function restartCountGrows(scene: Scene): Invariant {
  const { node } = scene;
  const highest = new Map<string, number>();
  const others = (container: ContainerRecord, key: string) =>
    [...node.runtime.containers.values()].filter((other) => other !== container && keyOf(scene, other) === key);
  const onRemoved = (container: ContainerRecord, key: string) => {
    const { attempt } = container.config.metadata;
    const left = others(container, key);
    const isTakenInstead = left.some((each) => each.startedAtMs === 0 && each.config.metadata.attempt > attempt);
    if (highest.get(key) !== attempt || !isTakenInstead) return;
    const ran = left.filter(({ startedAtMs }) => startedAtMs > 0).map(({ config }) => config.metadata.attempt);
    highest.set(key, Math.max(-1, ...ran));
  };
  return {
    name: "restart counts only grow",
    onContainer: (container, change) => {
      const key = keyOf(scene, container);
      const { attempt } = container.config.metadata;
      const before = highest.get(key) ?? -1;
      // An instance that never ran leaves nothing, so its number may be given again.
      if (change === "started") highest.set(key, Math.max(before, attempt));
      if (change === "removed") onRemoved(container, key);
      if (change !== "created") return undefined;
      if (node.disk.find(container.logPath) !== undefined) return `${containerText(container)} would write over a log`;
      if (others(container, key).length === 0) highest.delete(key);
      const after = highest.get(key) ?? -1;
      return attempt > after ? undefined : `${containerText(container)} came after attempt ${after}`;
    },
  };
}

/** A regular container that has run is started again only where its pod's restart policy says so or its spec changed. */
export function restartPolicyHolds(scene: Scene): Invariant {
  const { desire } = scene;
  const ended = new Map<string, ContainerRecord>();
  /** The life of its pod that a container was made in: it may end when the pod has gone and come again already. */
  const madeAs = new Map<string, string>();
  /** Containers that the agent took for running: of one whose end it had not been told yet it knows no exit code. */
  const stopped = new Set<string>();
  return {
    name: "no restart against the restart policy",
    onRequest: (request) => {
      if (request.call === "StopContainer") stopped.add(request.containerId);
      return undefined;
    },
    onContainer: (container, change) => {
      if (change === "created") madeAs.set(container.id, keyOf(scene, container));
      const key = madeAs.get(container.id) ?? keyOf(scene, container);
      if (change === "removed") madeAs.delete(container.id);
      if (change === "ended" && container.startedAtMs > 0) ended.set(key, container);
      const before = ended.get(key);
      // Another spec was wanted in between, even if it did not come to a start.
      if (change === "created" && before !== undefined && hashOf(before) !== hashOf(container)) ended.delete(key);
      if (change !== "started") return undefined;
      const spec = desire.pod(podUidOf(container))?.spec;
      const isMain = spec?.containers.some(({ name }) => name === container.config.metadata.name) === true;
      // Of one that the runtime lost sight of nobody can tell how it ended: the kubelet starts it again.
      if (before === undefined || stopped.has(before.id)) return undefined;
      if (before.wasLost || !isMain || hashOf(before) !== hashOf(container)) return undefined;
      const policy = spec.restartPolicy;
      const forbidden = policy === "Never" || (policy === "OnFailure" && before.exitCode === 0);
      return forbidden ? `${containerText(container)} (${policy}) ran again after exit ${before.exitCode}` : undefined;
    },
  };
}

interface Delay {
  readonly delayMs: number;
  readonly sinceMs: number;
}

/**
 * A container that crashes again and again waits 10 s after its end, then twice as long each time up to 5 minutes. Only
 * judged within the life of one agent (the record of delays is not kept: what an agent that died asked for does not
 * count), not across a jump of the wall clock, and only for ends that the agent did not bring about and can still see:
 * so does the kubelet.
 */
export function backOffIsRespected(scene: Scene): Invariant {
  const delays = new Map<string, Delay>();
  /** Containers that the present agent has asked for. */
  const asked = new Set<string>();
  const ends = new Map<string, { readonly atMs: number; readonly id: string }>();
  const { initialMs, maxMs } = KUBELET_BACKOFF;
  let agentStartedAtMs = Number.NaN;
  let clockJumpedAtMs = Number.NaN;
  const beginAnew = () => {
    if (agentStartedAtMs !== scene.agentStartedAtMs) asked.clear();
    if (agentStartedAtMs !== scene.agentStartedAtMs || clockJumpedAtMs !== scene.clockJumpedAtMs) delays.clear();
    ({ agentStartedAtMs, clockJumpedAtMs } = scene);
  };
  /** Containers whose end the agent is bringing about, even if something else is quicker. */
  const stopping = new Set<string>();
  const forgetEnd = (id: string) => {
    stopping.add(id);
    for (const [key, end] of ends) if (end.id === id) ends.delete(key);
  };
  return {
    name: "the crash back-off is respected",
    onRequest: (request) => {
      beginAnew();
      if (request.call === "CreateContainer") asked.add(`${request.uid}/${request.container}`);
      // Whatever it finds, the agent makes the container anew for a reason of its own.
      if (request.call === "StopContainer") forgetEnd(request.containerId);
      if (request.call === "StopPodSandbox") {
        for (const { id } of scene.node.runtime.containersOf(request.sandboxId)) forgetEnd(id);
      }
      return undefined;
    },
    onContainer: (container, change, cause) => {
      const key = `${keyOf(scene, container)} ${hashOf(container)}`;
      const now = scene.node.time.monotonicMs;
      beginAnew();
      if (change === "ended") {
        const isByItself = cause === "itself" || cause === "fault";
        if (isByItself && !stopping.delete(container.id)) ends.set(key, { atMs: now, id: container.id });
        else ends.delete(key);
      }
      const end = ends.get(key);
      const ended = end && scene.node.runtime.containers.get(end.id);
      if (change !== "created" || end === undefined || ended === undefined || ended.wasLost) return undefined;
      if (!asked.has(`${podUidOf(container)}/${container.config.metadata.name}`)) return undefined;
      // The agent may have decided before the jump, and a record of before counts as expired after it.
      if (scene.clockJumpedAtMs >= end.atMs) return undefined;
      const known = delays.get(key);
      const expired = known === undefined || end.atMs - known.sinceMs > 2 * maxMs;
      const due = expired ? 0 : known.delayMs;
      delays.set(key, { delayMs: expired ? initialMs : Math.min(2 * known.delayMs, maxMs), sinceMs: now });
      const waitedMs = now - end.atMs;
      if (waitedMs >= due) return undefined;
      return `${containerText(container)} was made ${waitedMs} ms after the last end instead of ${due} ms`;
    },
  };
}

/** One life of a container's pod: a standalone pod that was evicted comes back as if it were new. */
function keyOf(scene: Scene, container: ContainerRecord): string {
  const uid = podUidOf(container);
  const life = `${scene.desire.generation(uid)}/${scene.evictions(uid)}`;
  return `${uid}/${life}/${container.config.metadata.name}`;
}

function hashOf({ config }: ContainerRecord): string {
  return config.annotations?.["io.kubernetes.container.hash"] ?? "";
}
