/**
 * TskubeletConfiguration tskubelet.dev/v1alpha1: what the kubelet has no field for. A second document in the same file
 * (or drop-in), so that the first stays a KubeletConfiguration that any kubelet reads.
 */
import { boolean, object, optionalBoolean, string, stringList, used, type Values } from "./field.ts";
import { evictionPolicyFields } from "./fields/eviction-policy.ts";

export const tskubeletFields = {
  manifestsPath: string(
    "",
    used,
    "Directory of manifests to run: Pods, ConfigMaps, Secrets, claims and volumes; empty is none.",
    {
      since: "0.1.0",
      flag: "manifests",
    },
  ),
  claimsPath: string(
    "",
    used,
    "Directory below which claims without a volume get theirs; empty is claims in the root.",
    {
      since: "0.1.0",
    },
  ),
  stopPodsOnExit: boolean(false, used, "Stop the pods when the agent ends; else they go on running.", {
    since: "0.1.0",
    flag: "stop-pods-on-exit",
  }),
  embeddedRuntime: object(
    {
      enabled: optionalBoolean(used, "Run an own containerd; unset: where containerRuntimeEndpoint is not set.", {
        since: "0.1.0",
      }),
      containerdPath: string("containerd", used, "Program of it, a path or a name in PATH.", { since: "0.1.0" }),
    },
    used,
    "The agent's own containerd.",
    { since: "0.1.0" },
  ),
  network: object(
    {
      writeConfig: boolean(
        true,
        used,
        "Make a pod network for the embedded runtime; else that of /etc/cni/net.d is used.",
        {
          since: "0.1.0",
        },
      ),
      bridgeName: string("tskubelet0", used, "Bridge of that configuration; its addresses are podCIDR.", {
        since: "0.1.0",
      }),
      cniBinDirs: stringList(["/opt/cni/bin", "/usr/lib/cni"], used, "Where CNI plugins are looked for.", {
        since: "0.1.0",
      }),
    },
    used,
    "Pod network of the embedded runtime.",
    { since: "0.1.0" },
  ),
  images: object(
    {
      build: boolean(true, used, "Build the sandbox image from this machine's programs; else it is pulled.", {
        since: "0.1.0",
      }),
      sandboxImage: string("", used, "Sandbox image of the embedded runtime; empty is the built one.", {
        since: "0.1.0",
      }),
    },
    used,
    "Images made on this machine.",
    { since: "0.1.0" },
  ),
  eviction: object(evictionPolicyFields, used, "How eviction differs from the kubelet's.", {
    since: "0.1.0",
  }),
};

export type TskubeletConfiguration = Values<typeof tskubeletFields>;

export const tskubeletApiVersion = "tskubelet.dev/v1alpha1";
export const tskubeletKind = "TskubeletConfiguration";
