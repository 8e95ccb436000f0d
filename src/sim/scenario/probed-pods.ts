/** Pods whose containers are probed. */
import { Random } from "../random.ts";

/** Every so many seeds one has probes; its own chances leave the stories of all others as they are. */
const [EVERY, WITH_PROBES] = [4, 2];

interface PodJson {
  readonly spec: { readonly containers: readonly object[] };
}

export function hasProbes(seed: number): boolean {
  return seed % EVERY === WITH_PROBES;
}

/** Gives the text of a pod probes; `undefined`: this seed has none. */
export function drawProbes(seed: number): ((podText: string) => string) | undefined {
  if (!hasProbes(seed)) return undefined;
  const random = new Random(seed + 5_000_011);
  return (text) => {
    const pod = JSON.parse(text) as PodJson;
    const containers = pod.spec.containers.map((container) => ({ ...container, ...probesAtRandom(random) }));
    return JSON.stringify({ ...pod, spec: { ...pod.spec, containers } });
  };
}

/** Commands that answer by the health of their container; a startup probe always succeeds. */
function probesAtRandom(random: Random): Readonly<Record<string, unknown>> {
  const probe = (kind: string, failureThreshold: number) => ({
    exec: { command: ["sim", "probe", kind] },
    periodSeconds: random.pick([5, 10, 20]),
    timeoutSeconds: random.pick([1, 3]),
    failureThreshold,
    ...(random.chance(0.3) && { initialDelaySeconds: random.between(1, 15) }),
  });
  return {
    ...(random.chance(0.5) && { livenessProbe: probe("liveness", random.between(1, 3)) }),
    ...(random.chance(0.5) && { readinessProbe: probe("readiness", random.between(1, 3)) }),
    ...(random.chance(0.2) && {
      startupProbe: { ...probe("startup", 10), exec: { command: ["sim", "exit", "1", "0"] } },
    }),
  };
}
