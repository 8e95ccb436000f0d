import type { Container, Pod } from "../api/types.ts";
import { bytesOf } from "../quantity/index.ts";
import { isNodeCriticalPod } from "./critical.ts";
import { qosClass } from "./qos.ts";
import { isSidecar } from "./restart-policy.ts";

/** For the agent and other daemons that the node cannot do without. */
export const KUBELET_OOM_SCORE_ADJ = -999;
/** For containers of guaranteed pods and of pods critical to the node. */
export const GUARANTEED_OOM_SCORE_ADJ = -997;
export const BEST_EFFORT_OOM_SCORE_ADJ = 1000;

/** The lowest score a burstable container gets: above any guaranteed one that uses all memory. */
const BURSTABLE_MINIMUM = 1000 + GUARANTEED_OOM_SCORE_ADJ;

type RequestOwner = Pick<Container, "resources" | "restartPolicy">;

/** 1000 less the requested share of the node's memory in thousandths. */
function scoreOfRequest(memoryRequestBytes: number, memoryCapacityBytes: number): number {
  if (memoryCapacityBytes <= 0) return BEST_EFFORT_OOM_SCORE_ADJ;
  const share = BigInt.asIntN(64, 1000n * BigInt(memoryRequestBytes)) / BigInt(Math.trunc(memoryCapacityBytes));
  return 1000 - Number(share);
}

function requestBytes(container: RequestOwner): number {
  return bytesOf(container.resources?.requests?.["memory"]);
}

/** A sidecar is to live as long as the hungriest to be killed regular container: it gets at most its score. */
function burstableScore(pod: Pod, container: RequestOwner, memoryCapacityBytes: number): number {
  const score = scoreOfRequest(requestBytes(container), memoryCapacityBytes);
  if (!isSidecar(container)) return score;
  const smallest = Math.min(...(pod.spec?.containers ?? []).map(requestBytes));
  return Number.isFinite(smallest) ? Math.min(score, scoreOfRequest(smallest, memoryCapacityBytes)) : score;
}

/**
 * The oom_score_adj of a container of `pod` (init and ephemeral ones too), -997 to 1000; `memoryCapacityBytes` is the
 * node's memory. Source: kubelet qos/policy.go GetContainerOOMScoreAdjust; sidecars as of Kubernetes 1.29.
 */
export function containerOomScoreAdj(pod: Pod, container: RequestOwner, memoryCapacityBytes: number): number {
  if (isNodeCriticalPod(pod)) return GUARANTEED_OOM_SCORE_ADJ;
  const qos = qosClass(pod);
  if (qos === "Guaranteed") return GUARANTEED_OOM_SCORE_ADJ;
  if (qos === "BestEffort") return BEST_EFFORT_OOM_SCORE_ADJ;
  const score = burstableScore(pod, container, memoryCapacityBytes);
  if (score < BURSTABLE_MINIMUM) return BURSTABLE_MINIMUM;
  return score === BEST_EFFORT_OOM_SCORE_ADJ ? BEST_EFFORT_OOM_SCORE_ADJ - 1 : score;
}
