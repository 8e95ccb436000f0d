/** Where pods come from, how many run here, what they may use. */
import {
  accepted,
  boolean,
  checkedOneOf,
  duration,
  headerMap,
  integer,
  longInteger,
  object,
  optionalDuration,
  optionalLongInteger,
  optionalObject,
  string,
  stringList,
  used,
} from "../field.ts";
import { volumes } from "./states.ts";

export const podFields = {
  staticPodPath: string("", used, "Directory (or one file) of static pods.", { flag: "pod-manifest-path" }),
  staticPodURL: string("", used, "URL that gives static pods.", { flag: "manifest-url" }),
  staticPodURLHeader: headerMap({}, used, "HTTP headers sent to staticPodURL.", { flag: "manifest-url-header" }),
  syncFrequency: duration("1m0s", used, "Longest time between two syncs of a running pod.", {
    flag: "sync-frequency",
  }),
  fileCheckFrequency: duration("20s", used, "Rescan of staticPodPath; changes are seen at once besides.", {
    flag: "file-check-frequency",
  }),
  httpCheckFrequency: duration("20s", used, "How often staticPodURL is asked.", { flag: "http-check-frequency" }),
  maxPods: integer(110, used, "The most pods that run on this node.", { flag: "max-pods" }),
  podsPerCore: integer(0, used, "The most pods per CPU core, within maxPods; 0 is no limit.", {
    flag: "pods-per-core",
  }),
  podCIDR: string("", used, "Addresses of pods where no control plane gives them.", { flag: "pod-cidr" }),
  podPidsLimit: longInteger(-1, used, "The most processes in one pod; -1 leaves the node's limit.", {
    keepsZero: true,
    flag: "pod-max-pids",
  }),
  resolvConf: string("/etc/resolv.conf", used, 'Resolver file that pods start from; "" gives them none.', {
    keepsZero: true,
    flag: "resolv-conf",
  }),
  clusterDomain: string("", used, "DNS domain of the cluster, searched by pods.", { flag: "cluster-domain" }),
  clusterDNS: stringList([], used, "Addresses of the cluster's DNS servers.", { flag: "cluster-dns" }),
  hairpinMode: checkedOneOf(
    ["promiscuous-bridge", "hairpin-veth", "none"],
    "promiscuous-bridge",
    accepted("the CNI configuration decides it, as with every CRI runtime"),
    "How a pod reaches itself through a Service.",
    { flag: "hairpin-mode" },
  ),
  seccompDefault: boolean(false, used, "RuntimeDefault as the seccomp profile of pods that name none.", {
    flag: "seccomp-default",
  }),
  allowedUnsafeSysctls: stringList([], used, "Unsafe sysctls (or patterns ending in *) that pods may set.", {
    flag: "allowed-unsafe-sysctls",
  }),
  crashLoopBackOff: object(
    {
      maxContainerRestartPeriod: optionalDuration(
        used,
        "Longest back-off between restarts, 1s to 300s; 5m0s where unset (1m0s with ReduceDefaultCrashLoopBackOffDecay).",
        {
          since: "1.32",
        },
      ),
    },
    used,
    "Back-off of containers that keep failing.",
    { since: "1.32" },
  ),
  userNamespaces: optionalObject(
    {
      idsPerPod: optionalLongInteger(used, "User and group ids for each pod, a multiple of 65536.", {
        since: "1.33",
      }),
    },
    used,
    "User namespaces of pods.",
    { since: "1.33" },
  ),
  runOnce: boolean(false, accepted("refused, as by the kubelet: run-once mode is gone"), "Run the pods once and end.", {
    flag: "runonce",
  }),
  volumePluginDir: string(
    "/usr/libexec/kubernetes/kubelet-plugins/volume/exec/",
    volumes,
    "Directory of further volume plugins.",
    { flag: "volume-plugin-dir" },
  ),
  volumeStatsAggPeriod: duration("1m0s", used, "How often the disk usage of volumes is measured.", {
    flag: "volume-stats-agg-period",
  }),
  enableControllerAttachDetach: boolean(true, volumes, "Leave attaching of volumes to the control plane.", {
    flag: "enable-controller-attach-detach",
  }),
  localStorageCapacityIsolation: boolean(true, used, "Requests and limits of ephemeral storage.", {
    flag: "local-storage-capacity-isolation",
  }),
  podHousekeepingPeriod: optionalDuration(
    accepted("what is left behind is cleaned up when a pod changes, not on a timer"),
    "How often the kubelet looks for pods that are gone.",
    { since: "1.38" },
  ),
};
