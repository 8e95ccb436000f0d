/** Manifests at random: pods of all restart policies whose containers run, end, crash or will not stop. */
import type { Random } from "../random.ts";

export const IMAGES = ["registry.sim/app:1", "registry.sim/app:2", "registry.sim/app:3"] as const;
/** Not in the registry: it can never be pulled. */
const MISSING_IMAGE = "registry.sim/missing:1";

interface ContainerText {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly command: readonly string[];
  readonly resources?: unknown;
  readonly volumeMounts?: unknown;
}

/** The JSON text of one pod; `name` is fixed, everything else is chance. */
export function podText(random: Random, name: string): string {
  const restartPolicy = random.pick(["Always", "Always", "Always", "OnFailure", "Never"]);
  const containers = range(random.between(1, 3)).map((n) => container(random, `c${n}`, mainCommand(random)));
  const initContainers = random.chance(0.3)
    ? range(random.between(1, 2)).map((n) => container(random, `i${n}`, initCommand(random)))
    : [];
  const volumes = [
    ...(random.chance(0.3) ? [{ name: "scratch", emptyDir: random.pick([{}, { medium: "Memory" }]) }] : []),
    ...(random.chance(0.2) ? [{ name: "settings", configMap: { name: SETTINGS } }] : []),
  ];
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", labels: { serial: random.hex(8) } },
    spec: {
      restartPolicy,
      terminationGracePeriodSeconds: random.pick([0, 1, 5, 30]),
      ...(random.chance(0.1) && { hostNetwork: true }),
      ...(random.chance(0.1) && { activeDeadlineSeconds: random.between(20, 900) }),
      ...(initContainers.length > 0 && { initContainers }),
      ...(volumes.length > 0 && { volumes }),
      containers: containers.map((each) => ({
        ...each,
        ...(volumes.length > 0 && {
          volumeMounts: volumes.map((volume) => ({ name: volume.name, mountPath: `/${volume.name}` })),
        }),
      })),
    },
  });
}

/** Another image for one container: the pod stays, that container is made anew. */
export function withOtherImage(random: Random, text: string): string {
  const current = IMAGES.filter((image) => text.includes(image));
  const from = random.pickAny(current);
  const to = random.pickAny(IMAGES.filter((image) => image !== from));
  return from === undefined || to === undefined ? text : text.replace(from, to);
}

/** Name of the one ConfigMap that pods look for. */
const SETTINGS = "settings";

/** The JSON text of the ConfigMap, with other data each time. */
export function configMapText(random: Random): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: SETTINGS, namespace: "default" },
    data: { serial: random.hex(8) },
  });
}

/** Text that is no JSON. */
export function brokenText(text: string): string {
  return text.slice(0, Math.floor(text.length / 2));
}

function container(random: Random, name: string, command: readonly string[]): ContainerText {
  return {
    name,
    image: random.chance(0.03) ? MISSING_IMAGE : random.pick(IMAGES),
    imagePullPolicy: random.pick(["IfNotPresent", "IfNotPresent", "Always"]),
    command,
    ...(random.chance(0.3) && { resources: { requests: { cpu: "10m", memory: "10Mi" } } }),
  };
}

function mainCommand(random: Random): readonly string[] {
  const kind = random.between(1, 10);
  if (kind <= 5) return ["sim", "run", String(random.pick([0, 1, 200, 3_000]))];
  if (kind === 6) return ["sim", "ignore-term"];
  if (kind === 7) return ["sim", "exit", String(random.pick([1, 500, 20_000])), "1"];
  if (kind === 8) return ["sim", "exit", String(random.pick([5, 5_000, 400_000])), "0"];
  if (kind === 9) return ["sim", "exit", String(random.between(30_000, 900_000)), "3"];
  return random.chance(0.3) ? ["/no/such/program"] : ["sim", "run", "1"];
}

function initCommand(random: Random): readonly string[] {
  const code = random.chance(0.15) ? "1" : "0";
  return ["sim", "exit", String(random.pick([1, 100, 5_000])), code];
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, n) => n);
}
