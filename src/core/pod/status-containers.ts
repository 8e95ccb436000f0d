import { formatTime } from "../api/time.ts";
import type { Container, ContainerState, ContainerStatus, Pod } from "../api/types.ts";
import { newestContainerStatus, shouldContainerBeRestarted } from "./actions-restart.ts";
import { isSidecar } from "./restart-policy.ts";
import type { RuntimeContainerStatus, RuntimePodStatus } from "./runtime-status.ts";

/** Why the last start of a container failed, as its waiting state shows it (`CrashLoopBackOff`, `ErrImagePull`, ...). */
export interface StartError {
  readonly reason: string;
  readonly message: string;
}

export interface ContainerStatusesInput {
  readonly pod: Pod;
  readonly podStatus: RuntimePodStatus;
  /** The containers of one kind (regular, init or ephemeral), from the spec. */
  readonly containers: readonly Pick<Container, "name" | "image" | "restartPolicy">[];
  readonly isInit: boolean;
  /** Statuses of the same kind as they were last time. */
  readonly previous: readonly ContainerStatus[];
  /** By container name. */
  readonly startErrors: ReadonlyMap<string, StartError>;
  /** Scheme of container ids in the API: `containerd` -> `containerd://ID`. */
  readonly runtimeName: string;
}

const EXIT_CODE_UNKNOWN = 137;

/**
 * API statuses of the containers of one kind, without `started`/`ready`: init containers in spec order, others by name.
 * A container that is gone from the runtime keeps its terminated status; one that was running shows as waiting after an
 * unknown end. A container that the next sync starts shows why its last start failed.
 * Source: kubelet kubelet_pods.go convertToAPIContainerStatuses (1.26).
 */
export function containerStatuses(input: ContainerStatusesInput): readonly ContainerStatus[] {
  const previous = new Map(input.previous.map((status) => [status.name, status]));
  // Later entries of one name win here as in the kubelet, where both are maps.
  const names = [...new Set(input.containers.map(({ name }) => name))];
  const statuses = names.map((name) => oneStatus(input, name, previous.get(name)));
  return input.isInit ? statuses : statuses.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function oneStatus(
  input: ContainerStatusesInput,
  name: string,
  previous: ContainerStatus | undefined,
): ContainerStatus {
  const [newest, older] = newestTwo(input.podStatus, name);
  if (newest === undefined) return withStartError(input, withoutInstance(input, name, previous));
  const status = fromRuntime(newest, previous, input.runtimeName);
  const lastState = older === undefined ? {} : (fromRuntime(older, previous, input.runtimeName).state ?? {});
  return withStartError(input, { ...status, lastState });
}

function newestTwo(podStatus: RuntimePodStatus, name: string): readonly RuntimeContainerStatus[] {
  return podStatus.containerStatuses
    .filter((status) => status.name === name)
    .sort((a, b) => b.createdAtMs - a.createdAtMs)
    .slice(0, 2);
}

function withoutInstance(
  input: ContainerStatusesInput,
  name: string,
  previous: ContainerStatus | undefined,
): ContainerStatus {
  if (previous?.state?.terminated !== undefined) return previous;
  const hasInit = (input.pod.spec?.initContainers ?? []).length > 0;
  const status: ContainerStatus = {
    name,
    image: input.containers.findLast((container) => container.name === name)?.image ?? "",
    imageID: "",
    ready: false,
    restartCount: previous?.restartCount ?? 0,
    state: { waiting: { reason: hasInit ? "PodInitializing" : "ContainerCreating" } },
    lastState: previous?.lastState ?? {},
  };
  if (previous?.state?.running === undefined || status.lastState?.terminated !== undefined) return status;
  // It ran and is gone without a trace. A last state keeps the pod from falling back to Pending.
  const restarted = input.pod.metadata?.deletionTimestamp === undefined;
  return {
    ...status,
    restartCount: status.restartCount + (restarted ? 1 : 0),
    lastState: {
      terminated: {
        exitCode: EXIT_CODE_UNKNOWN,
        reason: "ContainerStatusUnknown",
        message: "The container could not be located when the pod was deleted.  The container used to be Running",
      },
    },
  };
}

function fromRuntime(
  status: RuntimeContainerStatus,
  previous: ContainerStatus | undefined,
  runtimeName: string,
): ContainerStatus {
  const lost = status.state === "CONTAINER_UNKNOWN" && previous?.state?.running !== undefined;
  return {
    name: status.name,
    image: status.image,
    imageID: status.imageId,
    containerID: `${runtimeName}://${status.id}`,
    ready: false,
    // The runtime does not count an end that it did not see.
    restartCount: lost ? previous.restartCount + 1 : status.restartCount,
    state: lost ? LOST_STATE : stateOf(status, runtimeName),
    lastState: {},
  };
}

const LOST_STATE: ContainerState = {
  terminated: {
    exitCode: EXIT_CODE_UNKNOWN,
    reason: "ContainerStatusUnknown",
    message: "The container could not be located when the pod was terminated",
  },
};

function stateOf(status: RuntimeContainerStatus, runtimeName: string): ContainerState {
  if (status.state === "CONTAINER_RUNNING") return { running: { ...timeField("startedAt", status.startedAtMs) } };
  if (status.state !== "CONTAINER_EXITED") return { waiting: {} };
  return {
    terminated: {
      exitCode: status.exitCode,
      ...(status.reason === "" ? {} : { reason: status.reason }),
      ...(status.message === "" ? {} : { message: status.message }),
      ...timeField("startedAt", status.startedAtMs),
      ...timeField("finishedAt", status.finishedAtMs),
      containerID: `${runtimeName}://${status.id}`,
    },
  };
}

function timeField<K extends string>(key: K, ms: number): { readonly [key in K]?: string } {
  return ms === 0 ? {} : ({ [key]: formatTime(ms) } as { readonly [key in K]: string });
}

/** A container that the next sync starts is waiting, and says what kept it from starting last time. */
function withStartError(input: ContainerStatusesInput, status: ContainerStatus): ContainerStatus {
  const error = input.startErrors.get(status.name);
  if (error === undefined) return status;
  const container = input.containers.find(({ name }) => name === status.name);
  const runsOnce = input.isInit && container !== undefined && !isSidecar(container);
  if (runsOnce && hasSucceeded(newestContainerStatus(input.podStatus, status.name))) return status;
  if (!shouldContainerBeRestarted(status.name, input.pod, input.podStatus)) return status;
  const waiting = { reason: error.reason, ...(error.message === "" ? {} : { message: error.message }) };
  const lastState = status.state?.terminated === undefined ? status.lastState : status.state;
  return { ...status, state: { waiting }, ...(lastState === undefined ? {} : { lastState }) };
}

function hasSucceeded(status: RuntimeContainerStatus | undefined): boolean {
  return status?.state === "CONTAINER_EXITED" && status.exitCode === 0;
}
