import type { Pod, Volume } from "../api/types.ts";
import { isCriticalPod } from "../pod/critical.ts";
import { exactPodRequest, podResources } from "../pod/resources.ts";
import {
  exactAmount,
  formatQuantity,
  type Quantity,
  quantityOrZero,
  quantitySign,
  quantityValue,
} from "../quantity/index.ts";

const EPHEMERAL_STORAGE = "ephemeral-storage";
const DEFAULT_GRACE_SECONDS = 30;

/** What eviction needs to know of a pod: made once for each version of its spec, and kept. */
export interface EvictablePod {
  readonly pod: Pod;
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly priority: number;
  /** Static, mirrored or of a system priority: ranked, but never evicted. */
  readonly isCritical: boolean;
  readonly graceSeconds: number;
  readonly memoryRequestBytes: number;
  readonly ephemeralStorageRequestBytes: number;
  /** Volumes whose files lie on the node's disk, in the order of the spec. */
  readonly localVolumeNames: readonly string[];
  readonly limits: LocalStorageLimits;
}

/** A limit, with the text that messages show. */
export interface StorageLimit {
  readonly bytes: number;
  readonly text: string;
}

export interface LocalStorageLimits {
  /** emptyDir volumes with a size limit above zero, in the order of the spec. */
  readonly emptyDirs: readonly { readonly name: string; readonly limit: StorageLimit }[];
  /** The sum of the containers' limits; absent where no container has one. */
  readonly pod?: StorageLimit;
  /** By container name; init containers have none of their own. */
  readonly containers: ReadonlyMap<string, StorageLimit>;
}

export function evictablePod(pod: Pod): EvictablePod {
  return {
    pod,
    uid: pod.metadata?.uid ?? "",
    name: pod.metadata?.name ?? "",
    namespace: pod.metadata?.namespace ?? "",
    priority: pod.spec?.priority ?? 0,
    isCritical: isCriticalPod(pod),
    graceSeconds: pod.spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS,
    memoryRequestBytes: exactPodRequest(pod, "memory"),
    ephemeralStorageRequestBytes: exactPodRequest(pod, EPHEMERAL_STORAGE),
    localVolumeNames: (pod.spec?.volumes ?? []).filter(isLocalVolume).map(({ name }) => name),
    limits: localStorageLimits(pod),
  };
}

/** Source: kubelet eviction localVolumeNames, volume/util IsLocalEphemeralVolume; secrets and projected ones do not count. */
function isLocalVolume({ hostPath, gitRepo, configMap, emptyDir }: Volume): boolean {
  const isOnDisk = emptyDir !== undefined && (emptyDir.medium ?? "") === "";
  return hostPath !== undefined || gitRepo !== undefined || configMap !== undefined || isOnDisk;
}

function localStorageLimits(pod: Pod): LocalStorageLimits {
  const ofPod = podLimit(pod);
  return {
    emptyDirs: (pod.spec?.volumes ?? []).flatMap(({ name, emptyDir }) => {
      if (emptyDir?.sizeLimit === undefined) return [];
      const limit = quantityOrZero(emptyDir.sizeLimit);
      return quantitySign(limit) > 0 ? [{ name, limit: storageLimit(limit) }] : [];
    }),
    ...(ofPod !== undefined && { pod: ofPod }),
    containers: containerLimits(pod),
  };
}

function podLimit(pod: Pod): StorageLimit | undefined {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  if (containers.every(({ resources }) => resources?.limits?.[EPHEMERAL_STORAGE] === undefined)) return undefined;
  const limit = podResources(pod).limits.get(EPHEMERAL_STORAGE);
  return limit === undefined ? undefined : storageLimit(limit);
}

function containerLimits(pod: Pod): ReadonlyMap<string, StorageLimit> {
  const limits = new Map<string, StorageLimit>();
  for (const { name, resources } of pod.spec?.containers ?? []) {
    const limit = quantityOrZero(resources?.limits?.[EPHEMERAL_STORAGE]);
    if (quantityValue(limit) !== 0n) limits.set(name, storageLimit(limit));
  }
  return limits;
}

function storageLimit(quantity: Quantity): StorageLimit {
  return { bytes: exactAmount(quantity), text: formatQuantity(quantity) };
}
