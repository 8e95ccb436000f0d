/**
 * Wanted and real state agree. Works out from the pods' specs and from what really runs what is still missing; empty:
 * the node has settled.
 */
import { isOutOfRoom } from "../../core/admission/index.ts";
import type { Container, Pod } from "../../core/api/types.ts";
import { KUBELET_BACKOFF } from "../../core/backoff/backoff.ts";
import { KUBEPODS, podUidOfCgroup, qosCgroupName } from "../../core/cgroup/index.ts";
import { podUidOfLogDirectory } from "../../core/logs/log-paths.ts";
import { isStaticPod } from "../../core/pod/critical.ts";
import { containerHash } from "../../core/pod/hash.ts";
import { isTerminalPhase } from "../../core/pod/phase.ts";
import { textOf } from "../disk/virtual-disk.ts";
import { POD_LOGS_DIR, ROOT_DIR, type SimNode } from "../node/sim-node.ts";
import type { ContainerRecord } from "../runtime/records.ts";
import type { Desire } from "../scenario/desire.ts";
import type { Scene } from "./invariant.ts";
import { roomFor } from "./room.ts";

/** What a wanted pod still lacks, and what is there although nobody wants it. */
export function unsettled(scene: Scene): readonly string[] {
  const wanted = scene.desire.pods();
  return [...wanted.flatMap((pod) => lacking(scene, pod)), ...leftovers(scene.node, new Set(wanted.map(uidOf)))];
}

/** Everything on the node that belongs to a pod that is not among `wanted`. */
export function leftovers(node: SimNode, wanted: ReadonlySet<string>): readonly string[] {
  const { runtime, disk, cgroups, records } = node;
  const found: readonly (readonly [string, readonly string[]])[] = [
    ["sandbox", [...runtime.sandboxes.values()].map(({ config }) => config.metadata.uid)],
    ["container", [...runtime.containers.values()].map(({ sandbox }) => sandbox.config.metadata.uid)],
    ["directory", disk.list(`${ROOT_DIR}/pods`) ?? []],
    ["log directory", (disk.list(POD_LOGS_DIR) ?? []).map(podUidOfLogDirectory)],
    ["cgroup", podCgroups(cgroups)],
    ["status", records.keys("podStatus")],
  ];
  return found.flatMap(([what, uids]) =>
    uids.filter((uid) => !wanted.has(uid)).map((uid) => `${what} of pod ${uid}, which nobody wants`),
  );
}

function podCgroups(cgroups: SimNode["cgroups"]): readonly string[] {
  return (["Guaranteed", "Burstable", "BestEffort"] as const).flatMap((qos) => {
    const tree = qosCgroupName(KUBEPODS, qos);
    const names = [...(cgroups.find(tree)?.children.keys() ?? [])];
    return names.flatMap((leaf) => podUidOfCgroup([...tree, leaf]) ?? []);
  });
}

function lacking({ node, agent, desire }: Scene, pod: Pod): readonly string[] {
  const uid = uidOf(pod);
  const text = `${pod.metadata?.namespace ?? ""}/${pod.metadata?.name ?? ""}`;
  const containers = [...node.runtime.containers.values()].filter(({ sandbox }) => sandbox.config.metadata.uid === uid);
  const shown = agent?.view.pods().find((each) => uidOf(each) === uid);
  if (shown === undefined) return [`${text} is not shown`];
  const phase = shown.status?.phase;
  const all = agent?.view.pods() ?? [];
  if (isOutOfRoom(shown.status)) return refusedWrongly(text, pod, all, containers);
  if (isTerminalPhase(phase) && shown.status?.reason !== "DeadlineExceeded")
    return ended(node, text, pod, phase, containers);
  const ready = [...node.runtime.sandboxes.values()].filter(
    ({ config, ready: isReady }) => isReady && config.metadata.uid === uid,
  );
  if (isTerminalPhase(phase)) {
    const isLate = pod.spec?.activeDeadlineSeconds !== undefined;
    return isLate && ready.length === 0 ? [] : [`${text} is over its deadline, with ${ready.length} ready sandboxes`];
  }
  const volumes = volumesWrong(node, desire, pod);
  // Without its volumes nothing of a pod starts.
  if (volumes === "missing") return [];
  // A pod that is never restarted and whose sandbox died stays as it is: so does the kubelet's computePodActions decide.
  if (ready.length === 0 && containers.length > 0 && pod.spec?.restartPolicy === "Never") return [];
  if (ready.length !== 1) return [`${text} (${phase}) has ${ready.length} ready sandboxes`];
  const init = pod.spec?.initContainers ?? [];
  const main = pod.spec?.containers ?? [];
  const started = main.some(({ name }) => newest(containers, name) !== undefined);
  const problems: string[] = [];
  // Of the init containers the last one that was made counts: it shows that those before it have succeeded.
  const lastInit = init.findLastIndex(({ name }) => newest(containers, name) !== undefined);
  for (const container of started ? main : init.slice(Math.max(0, lastInit))) {
    const problem = lack(node, pod, container, newest(containers, container.name), started);
    if (problem !== undefined) problems.push(`${text}/${container.name} (${phase}) ${problem}`);
  }
  // While initialization goes on (or fails again and again), nothing else is to be expected.
  if (problems.length === 0 && started)
    problems.push(...volumes.map((problem) => `${text}: ${problem}`), ...shownWrong(text, shown, main, containers));
  return problems;
}

/** A static pod stays as it was refused. */
function refusedWrongly(
  text: string,
  pod: Pod,
  shown: readonly Pod[],
  containers: readonly ContainerRecord[],
): readonly string[] {
  const running = containers.filter(({ state }) => state === "running");
  if (running.length > 0) return [`${text} is refused but ${running.length} containers run`];
  const room = isStaticPod(pod) ? undefined : roomFor(pod, shown);
  return room === undefined ? [] : [`${text} is refused although there is room for it ${room}`];
}

/** Volumes show what their ConfigMaps say; while one is missing, the pod may wait for it. */
function volumesWrong(node: SimNode, desire: Desire, pod: Pod): "missing" | readonly string[] {
  const problems: string[] = [];
  for (const { name, configMap } of pod.spec?.volumes ?? []) {
    if (configMap === undefined) continue;
    const object = desire.configMap(pod.metadata?.namespace ?? "", configMap.name ?? "");
    const place = `${ROOT_DIR}/pods/${uidOf(pod)}/volumes/kubernetes.io~configmap/${name}`;
    if (object === undefined) return "missing";
    for (const [key, wanted] of Object.entries(object.data ?? {})) {
      const file = node.disk.find(`${place}/${key}`);
      const there = file?.kind === "file" ? textOf(file) : undefined;
      if (there !== wanted) problems.push(`volume ${name} shows ${there} instead of ${wanted}`);
    }
  }
  return problems;
}

/** Why the container is not as it should be by now; `undefined`: it is. */
function lack(
  node: SimNode,
  pod: Pod,
  container: Container,
  instance: ContainerRecord | undefined,
  isMain: boolean,
): string | undefined {
  if (isHopeless(node, container)) return undefined;
  if (instance === undefined) return isMain ? "was never made" : undefined;
  if (instance.lost) return "is in unknown state";
  if (instance.state === "running") {
    return hashOf(instance) === containerHash(container) ? undefined : "runs from an old spec";
  }
  if (instance.state !== "exited") return "is made but does not run";
  const policy = pod.spec?.restartPolicy;
  const again = isMain
    ? policy === "Always" || (policy === "OnFailure" && instance.exitCode !== 0)
    : instance.exitCode !== 0 && policy !== "Never";
  if (!again) return undefined;
  const idleMs = node.time.monotonicMs - instance.exitShownAtMs;
  return idleMs <= longestBackOffMs(instance) ? undefined : `ended ${idleMs} ms ago and was not started again`;
}

/** What the crash back-off can be at most after so many starts. */
function longestBackOffMs({ config: { metadata } }: ContainerRecord): number {
  const { initialMs, maxMs } = KUBELET_BACKOFF;
  return metadata.attempt === 0 ? 0 : Math.min(initialMs * 2 ** (metadata.attempt - 1), maxMs);
}

/** Its image can never be had. */
function isHopeless(node: SimNode, container: Container): boolean {
  return !node.images.canPull(container.image ?? "");
}

function ended(
  node: SimNode,
  text: string,
  pod: Pod,
  phase: string,
  containers: readonly ContainerRecord[],
): readonly string[] {
  const running = containers.filter(({ state }) => state === "running");
  if (running.length > 0) return [`${text} is ${phase} but ${running.length} containers run`];
  const policy = pod.spec?.restartPolicy;
  if (policy === "Always") return [`${text} is ${phase} although it is always restarted`];
  const failedInit = (pod.spec?.initContainers ?? []).some(({ name }) => exitCodeOf(newest(containers, name)) !== 0);
  const codes = (pod.spec?.containers ?? []).map(({ name }) => exitCodeOf(newest(containers, name)));
  if (phase === "Succeeded" && codes.some((code) => code !== undefined && code !== 0)) {
    return [`${text} is Succeeded with exit codes ${codes.join()}`];
  }
  if (phase === "Failed" && policy === "OnFailure") return [`${text} is Failed although failures are restarted`];
  if (phase === "Failed" && !failedInit && codes.every((code) => code === 0)) {
    return [`${text} is Failed though all containers succeeded`];
  }
  const ready = [...node.runtime.sandboxes.values()].filter(
    (sandbox) => sandbox.ready && sandbox.config.metadata.uid === uidOf(pod),
  );
  return ready.length === 0 ? [] : [`${text} is ${phase} but its sandbox is still there`];
}

/** The status tells what runs. */
function shownWrong(
  text: string,
  shown: Pod,
  main: readonly Container[],
  containers: readonly ContainerRecord[],
): readonly string[] {
  return main.flatMap(({ name }) => {
    const real = newest(containers, name);
    if (real?.state !== "running") return [];
    const status = shown.status?.containerStatuses?.find((each) => each.name === name);
    const isShown = status?.state?.running !== undefined && status.containerID?.endsWith(real.id) === true;
    return isShown ? [] : [`${text}/${name} runs but is shown as ${JSON.stringify(status?.state ?? null)}`];
  });
}

/** `undefined`: it has not ended, or never was. */
function exitCodeOf(container: ContainerRecord | undefined): number | undefined {
  return container?.state === "exited" ? container.exitCode : undefined;
}

function newest(containers: readonly ContainerRecord[], name: string): ContainerRecord | undefined {
  return containers
    .filter(({ config }) => config.metadata.name === name)
    .toSorted((a, b) => b.config.metadata.attempt - a.config.metadata.attempt)[0];
}

function hashOf({ config }: ContainerRecord): string {
  return config.annotations?.["io.kubernetes.container.hash"] ?? "";
}

function uidOf(pod: Pod): string {
  return pod.metadata?.uid ?? "";
}
