import type { ContainerState, ContainerStatus, PodStatus } from "../api/types.ts";

/** Of the last words of all containers of a pod. Source: kubelet container/runtime.go MaxPodTerminationMessageLogLength. */
const MAX_POD_MESSAGE_BYTES = 12 * 1024;

/**
 * The status with messages of ended containers that share this room equally, the end of longer ones cut off. Source: kubelet
 * status_manager.go normalizeStatus. Differs: no character is cut in two.
 */
export function withinMessageLimit(status: PodStatus): PodStatus {
  const { containerStatuses, initContainerStatuses, ephemeralContainerStatuses } = status;
  const lists = { containerStatuses, initContainerStatuses, ephemeralContainerStatuses };
  const count = Object.values(lists).reduce((sum, list) => sum + (list?.length ?? 0), 0);
  const maxBytes = Math.floor(MAX_POD_MESSAGE_BYTES / Math.max(1, count));
  const bounded = Object.entries(lists).flatMap(([name, list]) =>
    list === undefined ? [] : [[name, list.map((each) => boundedStatus(each, maxBytes))] as const],
  );
  return { ...status, ...Object.fromEntries(bounded) };
}

function boundedStatus(status: ContainerStatus, maxBytes: number): ContainerStatus {
  const { state, lastState } = status;
  if (state?.terminated?.message === undefined && lastState?.terminated?.message === undefined) return status;
  return {
    ...status,
    ...(state !== undefined && { state: boundedState(state, maxBytes) }),
    ...(lastState !== undefined && { lastState: boundedState(lastState, maxBytes) }),
  };
}

function boundedState(state: ContainerState, maxBytes: number): ContainerState {
  const { terminated } = state;
  if (terminated?.message === undefined) return state;
  return { ...state, terminated: { ...terminated, message: firstBytes(terminated.message, maxBytes) } };
}

function firstBytes(text: string, maxBytes: number): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  // Bytes 10xxxxxx go on with a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return new TextDecoder().decode(bytes.subarray(0, end));
}
