/** The cgroups of this machine that are no pods', as the Summary names them. */
import type { SystemCgroup } from "../../agent/stats/cgroup-sweep.ts";
import { cgroupOfProcess } from "../../host/stats/process-cgroup.ts";

export interface SystemCgroupsInput {
  readonly cgroupVersion: 1 | 2;
  /** As configured; "": none. */
  readonly systemCgroups: string;
  readonly runtimePid: number | undefined;
  readonly startedAtMs: number;
}

/** Source: kubelet server/stats/summary_sys_containers.go. */
export function findSystemCgroups(input: SystemCgroupsInput): readonly SystemCgroup[] {
  const { cgroupVersion, systemCgroups, runtimePid, startedAtMs } = input;
  const agent = cgroupOfProcess("self", cgroupVersion);
  const runtime = runtimePid === undefined ? undefined : cgroupOfProcess(runtimePid, cgroupVersion);
  return [
    ...(agent === undefined ? [] : [{ name: "kubelet", path: agent, startedAtMs } as const]),
    ...(runtime === undefined ? [] : [{ name: "runtime", path: runtime } as const]),
    ...(systemCgroups === "" ? [] : [{ name: "misc", path: systemCgroups } as const]),
  ];
}
