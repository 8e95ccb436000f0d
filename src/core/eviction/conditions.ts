/** The pressure conditions of the node. Sources: kubelet eviction nodeConditions..., nodestatus/setters.go. */
import { isShorter } from "./assess.ts";
import type { PressureCondition } from "./signals.ts";
import type { EvictionState } from "./state.ts";

/** Sorted. */
export const PRESSURE_CONDITIONS: readonly PressureCondition[] = ["DiskPressure", "MemoryPressure", "PIDPressure"];

/** Seen now, they are there from now on; unseen, they stay until the transition period since they were last seen is over. */
export function stepConditions(
  state: Pick<EvictionState, "conditionSeenMs">,
  seen: ReadonlySet<PressureCondition>,
  nowMs: number,
  transitionMs: number,
): Pick<EvictionState, "conditions" | "conditionSeenMs"> {
  const conditionSeenMs = { ...state.conditionSeenMs };
  for (const condition of seen) conditionSeenMs[condition] = nowMs;
  const conditions = PRESSURE_CONDITIONS.filter((condition) => {
    const seenMs = conditionSeenMs[condition];
    return seenMs !== undefined && isShorter(nowMs - seenMs, transitionMs);
  });
  return { conditions, conditionSeenMs };
}

/** What a Node's status says of a condition, and the reason of the node's event when it changes. */
export interface ConditionText {
  readonly reason: string;
  readonly message: string;
  readonly eventReason: string;
}

const TEXTS: Readonly<Record<PressureCondition, Readonly<Record<"True" | "False", ConditionText>>>> = {
  MemoryPressure: {
    True: {
      reason: "KubeletHasInsufficientMemory",
      message: "kubelet has insufficient memory available",
      eventReason: "NodeHasInsufficientMemory",
    },
    False: {
      reason: "KubeletHasSufficientMemory",
      message: "kubelet has sufficient memory available",
      eventReason: "NodeHasSufficientMemory",
    },
  },
  DiskPressure: {
    True: {
      reason: "KubeletHasDiskPressure",
      message: "kubelet has disk pressure",
      eventReason: "NodeHasDiskPressure",
    },
    False: {
      reason: "KubeletHasNoDiskPressure",
      message: "kubelet has no disk pressure",
      eventReason: "NodeHasNoDiskPressure",
    },
  },
  PIDPressure: {
    True: {
      reason: "KubeletHasInsufficientPID",
      message: "kubelet has insufficient PID available",
      eventReason: "NodeHasInsufficientPID",
    },
    False: {
      reason: "KubeletHasSufficientPID",
      message: "kubelet has sufficient PID available",
      eventReason: "NodeHasSufficientPID",
    },
  },
};

export function conditionText(condition: PressureCondition, status: "True" | "False"): ConditionText {
  return TEXTS[condition][status];
}
