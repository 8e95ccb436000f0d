/**
 * What CreateContainer is told: kubelet kuberuntime_container.go generateContainerConfig, kuberuntime_container_linux.go.
 */
import type { Container } from "../api/types.ts";
import { expandCommand } from "../expansion/container-command.ts";
import { containerLogPath } from "../logs/log-paths.ts";
import type { EnvironmentVariable } from "../pod/environment.ts";
import { type CriContainerOptions, containerLinuxResources } from "../pod/resources-cri.ts";
import { containerAnnotations, containerLabels } from "./labels.ts";
import { linuxSecurityContext, nonRootViolation, type SecurityContextInput } from "./security-context.ts";
import type { ContainerConfig, CriDevice, CriMount, StringMap, UserNamespace } from "./types.ts";

/** All that one container of a pod needs, with its image present and its volumes in place. */
export interface ContainerConfigInput extends SecurityContextInput, CriContainerOptions {
  /** Starts of this container in this pod before this one. */
  readonly restartCount: number;
  /** As PullImage or ImageStatus named it. */
  readonly imageRef: string;
  /** Already computed: see pod/environment.ts. */
  readonly environment: readonly EnvironmentVariable[];
  readonly mounts?: readonly CriMount[];
  readonly devices?: readonly CriDevice[];
  /** Annotations of others (device plugins); the kubelet's own win. */
  readonly annotations?: StringMap;
}

/** `error` is the text of CreateContainerConfigError. */
export type ContainerConfigResult = { readonly config: ContainerConfig } | { readonly error: string };

/** The whole configuration of one instance; the runAsNonRoot check comes before anything else, as in the kubelet. */
export function containerConfig(input: ContainerConfigInput): ContainerConfigResult {
  const { pod, container, restartCount, mounts = [], devices = [] } = input;
  const violation = nonRootViolation(pod, container, input.image);
  if (violation !== undefined) return { error: violation };
  const securityContext = linuxSecurityContext(input);
  if ("error" in securityContext) return { error: securityContext.error };
  const command = expandCommand(container, input.environment);
  if ("error" in command) return command;
  return {
    config: {
      metadata: { name: container.name, attempt: restartCount },
      image: { image: input.imageRef },
      ...command,
      ...(container.workingDir !== undefined && { workingDir: container.workingDir }),
      envs: input.environment.map(({ name, value }) => ({ key: name, value })),
      mounts: withMappings(mounts, input.userNamespace),
      devices,
      labels: containerLabels(pod, container),
      annotations: containerAnnotations(pod, container, restartCount, input.annotations),
      logPath: containerLogPath(container.name, restartCount),
      ...terminal(container),
      linux: { resources: containerLinuxResources(pod, container, input), securityContext },
    },
  };
}

/** Files keep their owners as the pod's users see them. Source: kuberuntime_container_linux.go applyPlatformSpecificContainerConfig. */
function withMappings(mounts: readonly CriMount[], users: UserNamespace | undefined): readonly CriMount[] {
  if (users === undefined) return mounts;
  return mounts.map((mount) => ({ ...mount, uidMappings: users.uids, gidMappings: users.gids }));
}

function terminal({ stdin, stdinOnce, tty }: Container): Pick<ContainerConfig, "stdin" | "stdinOnce" | "tty"> {
  return { stdin: stdin ?? false, stdinOnce: stdinOnce ?? false, tty: tty ?? false };
}
