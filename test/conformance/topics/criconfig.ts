import type { Container, Pod } from "../../../src/core/api/types.ts";
import { containerConfig } from "../../../src/core/cri/container-config.ts";
import { sandboxConfig } from "../../../src/core/cri/sandbox-config.ts";
import type { EnvironmentVariable } from "../../../src/core/pod/environment.ts";
import type { Topic } from "../case.ts";

interface SandboxInput {
  readonly kind: "sandbox";
  readonly pod: Pod;
  readonly attempt: number;
  readonly hostname: string;
}
interface ContainerInput {
  readonly kind: "container";
  readonly pod: Pod;
  readonly containerName: string;
  readonly restartCount: number;
  readonly memoryCapacity: number;
  readonly seccompDefault: boolean;
  readonly env: readonly EnvironmentVariable[] | null;
  readonly imageUID: number | null;
  readonly imageUsername: string;
  readonly targetContainerID: string;
}

const HASH = "io.kubernetes.container.hash";
const DNS = { servers: ["10.43.0.10"], searches: ["a.svc.cluster.local"], options: ["ndots:5"] };

/** Proto enum numbers; RuntimeDefault, POD and TCP are 0. */
const ENUMS: Readonly<Record<string, readonly string[]>> = {
  network: ["POD", "CONTAINER", "NODE", "TARGET"],
  pid: ["POD", "CONTAINER", "NODE", "TARGET"],
  ipc: ["POD", "CONTAINER", "NODE", "TARGET"],
  protocol: ["TCP", "UDP", "SCTP"],
  profileType: ["RuntimeDefault", "Unconfined", "Localhost"],
};
/** Numbers that are messages of their own on the wire, so that 0 is told from absent. */
const WRAPPED = new Set(["runAsUser", "runAsGroup"]);
const MAPS = new Set(["labels", "annotations", "sysctls"]);

type Fields = Readonly<Record<string, unknown>>;

function protoMessage(message: Fields): Fields {
  const fields = Object.entries(message).map(([name, value]) => [snakeCase(name), protoValue(name, value)] as const);
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}

function protoValue(name: string, value: unknown): unknown {
  const numbers = ENUMS[name];
  if (numbers !== undefined) return numbers.indexOf(String(value)) || undefined;
  if (WRAPPED.has(name)) return protoMessage({ value });
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => protoItem(item));
  if (typeof value !== "object" || value === null) return value || undefined;
  if (MAPS.has(name)) return Object.keys(value).length === 0 ? undefined : value;
  return protoMessage(value as Fields);
}

function protoItem(item: unknown): unknown {
  return typeof item === "object" && item !== null ? protoMessage(item as Fields) : item;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function sandbox({ pod, attempt, hostname }: SandboxInput): unknown {
  const config = sandboxConfig({
    pod,
    attempt,
    hostname,
    dns: DNS,
    cgroupParent: "kubepods-x.slice",
    cpuCfsQuota: true,
  });
  return { config: protoMessage({ ...config }) };
}

function container(input: ContainerInput): unknown {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = input.pod.spec ?? {};
  const all: readonly Container[] = [...initContainers, ...containers, ...ephemeralContainers];
  const spec = all.find(({ name }) => name === input.containerName);
  if (spec === undefined) throw new Error("the case has no such container");
  const result = containerConfig({
    pod: input.pod,
    container: spec,
    restartCount: input.restartCount,
    imageRef: "sha256:ref",
    environment: input.env ?? [],
    image: { ...(input.imageUID !== null && { uid: input.imageUID }), username: input.imageUsername },
    targetContainerId: input.targetContainerID,
    seccompDefault: input.seccompDefault,
    seccompProfileRoot: "/var/lib/kubelet/seccomp",
    memoryCapacityBytes: input.memoryCapacity,
    cpuCfsQuota: true,
    hugePageSizes: [],
  });
  return "error" in result ? result : { config: protoMessage({ ...result.config }) };
}

/** The hash is the real program's; only that there is one is compared. */
function withoutHash(result: unknown): unknown {
  const { config, ...rest } = result as { readonly config?: { readonly annotations?: Fields } };
  if (config?.annotations === undefined) return result;
  const { [HASH]: hash, ...annotations } = config.annotations;
  return { ...rest, config: { ...config, annotations }, hasHash: typeof hash === "string" && hash !== "" };
}

export const topic: Topic = ({ input, expected }) => {
  const given = input as SandboxInput | ContainerInput;
  if (given.kind === "sandbox") return { actual: sandbox(given) };
  return { actual: withoutHash(container(given)), expected: withoutHash(expected) };
};
