/** Pods that take memory, at a known rate and up to a known amount: the machine is never in danger. */
import { readFileSync, realpathSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pod } from "../../src/core/api/types.ts";
import { nodeMemory } from "../../src/core/stats/node-memory.ts";
import { createSystemClock } from "../../src/host/clock/system-clock.ts";
import { createStats } from "../../src/host/stats/create-stats.ts";
import { BUSYBOX } from "./agent-node.ts";

const MiB = 1024 ** 2;

export interface HogOptions {
  /** At most; then it keeps what it has. */
  readonly mib: number;
  /** Absent: as fast as it can. */
  readonly mibPerSecond?: number;
  readonly requestMib?: number;
  readonly priority?: number;
}

/** Anonymous memory by a program of this machine, as the container's image holds none that would do. */
export function hogPod(name: string, { mib, mibPerSecond, requestMib, priority }: HogOptions): Pod {
  const stepMs = mibPerSecond === undefined ? 0 : (4 * 1000) / mibPerSecond;
  const script = [
    `console.log("takes ${mib} MiB");`,
    "const kept = []; const from = performance.now();",
    "const step = () => {",
    `  while (kept.length * 4 < ${mib} && performance.now() - from >= kept.length * ${stepMs}) kept.push(Buffer.alloc(4 << 20, 1));`,
    `  if (kept.length * 4 < ${mib}) setTimeout(step, 1); else setInterval(() => {}, 60000);`,
    "};",
    "step();",
  ].join("\n");
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: {
      ...(priority !== undefined && { priority }),
      terminationGracePeriodSeconds: 30,
      containers: [
        {
          name: "main",
          image: BUSYBOX,
          imagePullPolicy: "Never",
          command: ["chroot", "/machine", realpathSync(process.execPath), "-e", script],
          // Whatever goes wrong, the machine keeps its memory.
          resources: {
            limits: { memory: `${mib + 200}Mi` },
            requests: { memory: `${requestMib ?? 1}Mi` },
          },
          volumeMounts: [{ name: "machine", mountPath: "/machine", readOnly: true }],
        },
      ],
      volumes: [{ name: "machine", hostPath: { path: "/" } }],
    },
  };
}

/** What the signal memory.available says at this moment. */
export async function nodeAvailableBytes(): Promise<number> {
  const stats = await createStats({ clock: createSystemClock() });
  const memory = nodeMemory(stats.machine("memory"), stats.cgroup({ path: "/", parts: ["memory"] }), undefined);
  if (memory.node === undefined) throw new Error(`no memory figures: ${readFileSync("/proc/meminfo", "utf8")}`);
  return memory.node.availableBytes;
}

export interface HogSample {
  /** From the moment at which less than the threshold was available. */
  readonly deadAfterMs: number;
  /** How far memory fell below the threshold. */
  readonly overshootMib: number;
}

/** Samples memory until `isDead`; calls `onCrossed` once when less than `thresholdBytes` is available. */
export async function watchHog(
  thresholdBytes: number,
  isDead: () => boolean,
  onCrossed: () => void,
  limitMs = 60_000,
): Promise<HogSample> {
  const stats = await createStats({ clock: createSystemClock() });
  const { totalBytes = 0 } = stats.machine("memory").memory ?? {};
  const available = () => totalBytes - (stats.cgroup({ path: "/", parts: ["memory"] })?.memory?.workingSetBytes ?? 0);
  let crossedAt: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const limit = performance.now() + limitMs; performance.now() < limit; await sleep(2)) {
    const now = available();
    least = Math.min(least, now);
    if (now < thresholdBytes && crossedAt === undefined) {
      crossedAt = performance.now();
      onCrossed();
    }
    if (crossedAt !== undefined && isDead()) {
      return { deadAfterMs: performance.now() - crossedAt, overshootMib: (thresholdBytes - least) / MiB };
    }
  }
  throw new Error("the threshold was not crossed, or nobody died");
}

export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
