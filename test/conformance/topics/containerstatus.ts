import type { Pod, PodStatus } from "../../../src/core/api/types.ts";
import { qosClass } from "../../../src/core/pod/qos.ts";
import type { ProbeResult } from "../../../src/core/pod/runtime-status.ts";
import { generatePodStatus } from "../../../src/core/pod/status.ts";
import type { StartError } from "../../../src/core/pod/status-containers.ts";
import { rawContainerId } from "../../../src/core/pod/status-probes.ts";
import type { Topic } from "../case.ts";
import { type PodStatusJson, toRuntimePodStatus } from "./runtime-pod-status.ts";

interface Input {
  readonly pod: Pod;
  readonly podStatus: PodStatusJson;
  readonly previousStatus: PodStatus | null;
  readonly startErrors: Readonly<Record<string, StartError>> | null;
  readonly readiness: Readonly<Record<string, ProbeResult>> | null;
  readonly startup: Readonly<Record<string, ProbeResult>> | null;
}

const NODE_IP = "192.168.7.5";

export const topic: Topic = ({ input, expected }) => {
  const { pod, podStatus, previousStatus, startErrors, readiness, startup } = input as Input;
  const status = generatePodStatus({
    pod,
    qosClass: qosClass(pod),
    podStatus: toRuntimePodStatus(podStatus),
    ...(previousStatus === null ? {} : { previous: previousStatus }),
    startErrors: new Map(Object.entries(startErrors ?? {})),
    probes: { readiness: byRawId(readiness), startup: byRawId(startup) },
    runtimeName: "cri-o",
    hostIps: [NODE_IP],
  });
  const conditions = (status.conditions ?? []).map(({ lastProbeTime: _, lastTransitionTime: __, ...rest }) => rest);
  return { actual: withoutNulls({ status: { ...status, conditions } }), expected: withoutNulls(expected) };
};

function byRawId(results: Readonly<Record<string, ProbeResult>> | null): ReadonlyMap<string, ProbeResult> {
  return new Map(Object.entries(results ?? {}).map(([id, result]) => [rawContainerId(id), result]));
}

/** `null` means "not set" in these data. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([, field]) => field !== null && field !== undefined);
  return Object.fromEntries(entries.map(([key, field]) => [key, withoutNulls(field)]));
}
