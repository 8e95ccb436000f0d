import type { Pod, PodSpec, PodStatus } from "../api/types.ts";
import { defaultContainer, defaultEphemeralContainer } from "./defaults-container.ts";
import { defaultResourceList } from "./defaults-resources.ts";
import { defaultVolume } from "./defaults-volume.ts";

/**
 * The pod with every default the API server and the kubelet fill in; what is set stays. Idempotent. The pod must come
 * from decoding (`containers` and the like present).
 * Source: core/v1 SetObjectDefaults_Pod (defaults.go, zz_generated.defaults.go), 1.26.
 */
export function defaultPod(pod: Pod): Pod {
  const spec = pod.spec ?? { containers: [] };
  return {
    ...pod,
    metadata: withoutInitAnnotations(pod.metadata),
    spec: defaultSpec(spec),
    ...(pod.status && { status: withPodIps(pod.status) }),
  };
}

/** Conversion keeps `podIP` and the first of `podIPs` equal; where they differ `podIP` counts. Source: core/v1 conversion.go. */
function withPodIps(status: PodStatus): PodStatus {
  const { podIP = "", podIPs = [] } = status;
  const first = podIPs[0]?.ip ?? "";
  if (podIP === first) return status;
  return podIP === "" ? { ...status, podIP: first } : { ...status, podIPs: [{ ip: podIP }] };
}

function defaultSpec(spec: PodSpec): PodSpec {
  const hostNetwork = spec.hostNetwork === true;
  return {
    ...spec,
    ...(spec.volumes && { volumes: spec.volumes.map(defaultVolume) }),
    ...(spec.initContainers && { initContainers: spec.initContainers.map((c) => defaultContainer(c, hostNetwork)) }),
    containers: spec.containers.map((container) => defaultContainer(container, hostNetwork)),
    ...(spec.ephemeralContainers && { ephemeralContainers: spec.ephemeralContainers.map(defaultEphemeralContainer) }),
    restartPolicy: spec.restartPolicy || "Always",
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? 30,
    dnsPolicy: spec.dnsPolicy || "ClusterFirst",
    ...serviceAccount(spec),
    securityContext: spec.securityContext ?? {},
    schedulerName: spec.schedulerName || "default-scheduler",
    enableServiceLinks: spec.enableServiceLinks ?? true,
    ...(spec.overhead && { overhead: defaultResourceList(spec.overhead) }),
  };
}

/** Conversion keeps the deprecated name equal to the current one; the current one wins. Source: core/v1 conversion.go. */
function serviceAccount(spec: PodSpec): Pick<PodSpec, "serviceAccount" | "serviceAccountName"> {
  const name = spec.serviceAccountName || spec.serviceAccount;
  return name ? { serviceAccountName: name, serviceAccount: name } : {};
}

const INIT_ANNOTATIONS: ReadonlySet<string> = new Set([
  "pod.beta.kubernetes.io/init-containers",
  "pod.alpha.kubernetes.io/init-containers",
  "pod.beta.kubernetes.io/init-container-statuses",
  "pod.alpha.kubernetes.io/init-container-statuses",
]);

/** Conversion drops what once carried init containers. Source: core/v1 conversion.go dropInitContainerAnnotations. */
function withoutInitAnnotations(metadata: Pod["metadata"]): NonNullable<Pod["metadata"]> {
  const annotations = metadata?.annotations;
  if (annotations === undefined || !Object.keys(annotations).some((key) => INIT_ANNOTATIONS.has(key))) {
    return metadata ?? {};
  }
  const kept = Object.entries(annotations).filter(([key]) => !INIT_ANNOTATIONS.has(key));
  return { ...metadata, annotations: Object.fromEntries(kept) };
}
