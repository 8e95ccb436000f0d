/**
 * Whether a container comes back after its end: its own rules, then its own policy, then the pod's.
 * Source: kubernetes pkg/api/v1/pod/util.go ContainerShouldRestart, IsContainerRestartable (1.34).
 */
import type { Container, PodSpec, RestartPolicy } from "../api/types.ts";

type Restartable = Pick<Container, "restartPolicy" | "restartPolicyRules">;
type PodPolicy = Pick<PodSpec, "restartPolicy">;

/** An init container that goes on running beside the regular ones. */
export function isSidecar(container: Pick<Container, "restartPolicy">): boolean {
  return container.restartPolicy === "Always";
}

/** The container's policy, else the pod's; neither: `undefined`. */
export function effectiveRestartPolicy(container: Restartable | undefined, spec: PodPolicy): RestartPolicy | undefined {
  return knownPolicy(container?.restartPolicy) ?? knownPolicy(spec.restartPolicy);
}

/**
 * Whether an end with this exit code is followed by another start. Without any policy it is; a rule counts only where
 * the container has a policy of its own, as in the API.
 */
export function restartsAfter(container: Restartable | undefined, spec: PodPolicy, exitCode: number): boolean {
  if (container?.restartPolicy !== undefined && matchesRule(container, exitCode)) return true;
  const policy = effectiveRestartPolicy(container, spec);
  if (policy === "Never") return false;
  return policy !== "OnFailure" || exitCode !== 0;
}

/** Whether the container is started again when the agent ends it while it runs (a failed probe): rules do not count. */
export function restartsWhenKilled(container: Restartable, spec: PodPolicy): boolean {
  return effectiveRestartPolicy(container, spec) !== "Never";
}

/** Whether there is an end after which the container would be started again. */
export function canRestart(container: Restartable, spec: PodPolicy): boolean {
  if (container.restartPolicy === undefined) return spec.restartPolicy !== "Never";
  const hasRule = container.restartPolicyRules?.some(({ action }) => action === "Restart") === true;
  return hasRule || container.restartPolicy !== "Never";
}

function matchesRule({ restartPolicyRules = [] }: Restartable, exitCode: number): boolean {
  return restartPolicyRules.some(({ action, exitCodes }) => {
    if (action !== "Restart" || exitCodes === undefined) return false;
    const isListed = exitCodes.values?.includes(exitCode) === true;
    return exitCodes.operator === "In" ? isListed : exitCodes.operator === "NotIn" && !isListed;
  });
}

function knownPolicy(policy: string | undefined): RestartPolicy | undefined {
  return policy === "Always" || policy === "OnFailure" || policy === "Never" ? policy : undefined;
}
