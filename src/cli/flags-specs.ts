/** The flags of every command. `run` takes the kubelet's own names where they exist. */
import { booleanFlag, choiceFlag, durationFlag, integerFlag, listFlag, stringFlag } from "./flags-parse.ts";

const rootDir = stringFlag("DIR", "State of the agent; its socket is in there (default /var/lib/tskubelet).");
const namespace = stringFlag("NAME", 'Namespace (default "default").', { short: "n" });
const allNamespaces = booleanFlag("All namespaces.", { short: "A" });
const output = choiceFlag(["json", "yaml", "wide"], "Form of the output.", { short: "o" });
const container = stringFlag("NAME", "Container of the pod.", { short: "c" });

/** What decides the configuration: of `run`, `check-config` and `down`. */
export const configurationFlags = {
  config: stringFlag("FILE", "KubeletConfiguration (and TskubeletConfiguration), YAML or JSON."),
  configDir: stringFlag("DIR", "Drop-ins: every *.conf below, in order of their names, over --config."),
  manifests: stringFlag("DIR", "Pods, ConfigMaps and Secrets to run as standalone objects."),
  podManifestPath: stringFlag("PATH", "Static pods: a directory or a file (staticPodPath)."),
  containerRuntimeEndpoint: stringFlag("SOCKET", "CRI runtime to use instead of the embedded containerd."),
  rootDir,
  certDir: stringFlag("DIR", "Certificates of the node API (default ROOT-DIR/pki)."),
  hostnameOverride: stringFlag("NAME", "Name of the node instead of the host's."),
  nodeIp: stringFlag("IP[,IP]", "Address of the node instead of the found one."),
  nodeLabels: listFlag("KEY=VALUE,...", "Labels of the node, for selectors and affinity of pods."),
  kubeconfig: stringFlag("FILE", "API server to be a node of; without it the node stands alone."),
  bootstrapKubeconfig: stringFlag("FILE", "Credentials to get a client certificate with."),
  registerNode: booleanFlag("Make the Node object (registerNode)."),
  registerWithTaints: listFlag("KEY=VALUE:EFFECT,...", "Taints of the node (registerWithTaints)."),
  imageCredentialProviderConfig: stringFlag("PATH", "CredentialProviderConfig: a file, or a directory of files."),
  imageCredentialProviderBinDir: stringFlag("DIR", "Credential provider plugins."),
  stopPodsOnExit: booleanFlag("Stop the pods when the agent ends."),
  v: integerFlag("LEVEL", "How much is logged (logging.verbosity)."),
};

export const commandFlags = {
  run: configurationFlags,
  get: {
    output: choiceFlag(["json", "yaml", "wide", "name"], "Form of the output.", { short: "o" }),
    namespace,
    allNamespaces,
    watch: booleanFlag("Go on and show changes.", { short: "w" }),
    selector: stringFlag("LABELS", "Only objects with these labels (key=value,...).", { short: "l" }),
    rootDir,
  },
  describe: { namespace, rootDir },
  logs: {
    container,
    follow: booleanFlag("Go on with new lines.", { short: "f" }),
    previous: booleanFlag("Of the container before the last restart.", { short: "p" }),
    tail: integerFlag("LINES", "Only the last lines; -1 is all."),
    since: durationFlag("DURATION", "Only lines younger than this (5m)."),
    sinceTime: stringFlag("TIME", "Only lines after this time (RFC 3339)."),
    limitBytes: integerFlag("BYTES", "At most this much."),
    timestamps: booleanFlag("With the time of each line."),
    allContainers: booleanFlag("Of all containers of the pod."),
    prefix: booleanFlag("With the pod and container of each line."),
    namespace,
    rootDir,
  },
  exec: {
    container,
    stdin: booleanFlag("Pass standard input on.", { short: "i" }),
    tty: booleanFlag("With a terminal.", { short: "t" }),
    namespace,
    rootDir,
  },
  top: {
    output,
    containers: booleanFlag("Each container of a pod."),
    namespace,
    allNamespaces,
    rootDir,
  },
  why: { output, namespace, past: booleanFlag("Past evictions: all of them, or the one whose ID is given."), rootDir },
  simulate: {
    config: stringFlag("FILE", "Replay under this configuration; table and svg compare it with the recorded one."),
    output: choiceFlag(["json", "table", "svg"], "Form of the output; json has the comparison, too.", { short: "o" }),
  },
  record: {
    duration: durationFlag("DURATION", "How long (until Ctrl-C where not given)."),
    steps: integerFlag("N", "How many rounds (default 2000)."),
    maskNames: booleanFlag("Write neutral names for pods, namespaces, containers, volumes and the node."),
    rootDir,
  },
  images: { output, rootDir },
  events: { output, namespace, allNamespaces, watch: booleanFlag("Go on and show new ones.", { short: "w" }), rootDir },
  "check-config": { ...configurationFlags, output },
  down: {
    ...configurationFlags,
    gracePeriod: integerFlag("SECONDS", "Grace of every pod instead of its own."),
  },
  version: { output: choiceFlag(["json", "yaml"], "Form of the output.", { short: "o" }) },
  help: {},
} as const;

export type CommandName = keyof typeof commandFlags;

/** One line on each command, in the order of the usage text; `args` is what follows the flags. */
export const commandTexts: Readonly<Record<CommandName, { readonly args: string; readonly about: string }>> = {
  run: { args: "", about: "Run the agent." },
  get: { args: "KIND [NAME...]", about: "List pods and other objects." },
  describe: { args: "KIND NAME", about: "Show one object with its events." },
  logs: { args: "POD [CONTAINER]", about: "Print the log of a container." },
  exec: { args: "POD -- COMMAND [ARG...]", about: "Run a command in a container." },
  top: { args: "[pods|node] [NAME...]", about: "Show what pods or the node use." },
  why: { args: "[POD | --past [ID]]", about: "Explain pressure, ranking and past evictions." },
  events: { args: "[POD]", about: "List events." },
  images: { args: "", about: "List images." },
  simulate: { args: "FILE...", about: "Run eviction scenarios on a virtual clock." },
  record: { args: "[FILE]", about: "Write this node's observations as a scenario." },
  "check-config": { args: "", about: "Print the effective configuration and where each value came from." },
  down: { args: "", about: "Stop every pod and remove what the agent made." },
  version: { args: "", about: "Print the version." },
  help: { args: "[COMMAND]", about: "Explain a command." },
};
