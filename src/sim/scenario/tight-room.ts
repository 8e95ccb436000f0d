/** A node that is too small for its pods: what they ask for, so that some are refused and some have to go. */
import { Random } from "../random.ts";

/** Every so many seeds room is short; its own chances leave the stories of all others as they are. */
const EVERY = 5;

interface PodJson {
  readonly spec: { readonly containers: readonly object[] };
}

/** Gives the text of a pod requests, ports and a priority; `undefined`: room plays no part in this seed. */
export function drawTightRoom(seed: number): ((podText: string) => string) | undefined {
  if (seed % EVERY !== 2) return undefined;
  const random = new Random(seed + 3_000_003);
  return (text) => {
    const pod = JSON.parse(text) as PodJson;
    const [first, ...others] = pod.spec.containers;
    const cpu = random.pick(["100m", "1500m", "3", "5", "9"]);
    const ports = random.chance(0.3) ? [{ containerPort: 80, hostPort: random.pick([8080, 8081]) }] : undefined;
    const isCritical = random.chance(0.15);
    return JSON.stringify({
      ...pod,
      spec: {
        ...pod.spec,
        ...(isCritical && { priority: 2_000_000_000 }),
        containers: [{ ...first, resources: { requests: { cpu } }, ...(ports && { ports }) }, ...others],
      },
    });
  };
}
