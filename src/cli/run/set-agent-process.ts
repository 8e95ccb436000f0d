import type { KubeletConfiguration } from "../../core/config/index.ts";
import { joinCgroup } from "../../host/cgroupfs/join-cgroup.ts";
import { setOwnOomScoreAdj } from "../../host/procfs/oom-score.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";

type ProcessSettings = Pick<KubeletConfiguration, "oomScoreAdj" | "kubeletCgroups">;

/**
 * The agent's own process, before it starts any other: what it starts inherits both. Neither failure keeps it from
 * running pods. Source: kubelet cm/container_manager_linux.go ensureProcessInContainerWithOOMScore.
 */
export async function setAgentProcess({ oomScoreAdj, kubeletCgroups }: ProcessSettings, log: Log): Promise<void> {
  const holds = setOwnOomScoreAdj(oomScoreAdj);
  if (holds !== oomScoreAdj) {
    log.info("the kernel refuses the agent's oom_score_adj", { wanted: oomScoreAdj, oomScoreAdj: holds });
  }
  if (kubeletCgroups === "") return;
  try {
    await joinCgroup(kubeletCgroups);
    log.info("the agent is in its cgroup", { cgroup: kubeletCgroups });
  } catch (error) {
    log.warn("kubeletCgroups has no effect", { cgroup: kubeletCgroups, reason: errorMessage(error) });
  }
}
