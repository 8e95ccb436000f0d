/**
 * What volumes cost: a pod with 20 volumes started beside the same pod with none, and a thousand mounted volumes at rest
 * beside the same pods without them.
 */
import { AgentNode, isRunning, SLEEP, shellPod } from "../test/support/agent-node.ts";
import { percentAtRest, round, StartWatch, summary } from "./support.ts";

const ROUNDS = 9;
const VOLUMES = 20;
const REST_PODS = 50;
/** Starts of one pod: sandbox and container. */
const STARTS_PER_POD = 2;

export async function volumeFigures(): Promise<unknown> {
  const node = new AgentNode({ bridge: "tskbench2" });
  try {
    await node.start();
    node.write("objects.yaml", ...objects());
    const start = await startFigures(node);
    console.error(`volumes start: ${JSON.stringify(start)}`);
    return { volumes: VOLUMES, start, rest: await restFigures(node) };
  } finally {
    await node.close();
  }
}

async function startFigures(node: AgentNode): Promise<unknown> {
  const watch = new StartWatch(node.cri);
  await watch.connected;
  const start = async (name: string, volumes: number): Promise<number> => {
    const started = watch.starts(STARTS_PER_POD);
    const from = performance.now();
    node.write("bench.yaml", volumePod(name, volumes));
    const took = (await started) - from;
    node.remove("bench.yaml");
    await node.until("the pod is gone", async () => (await node.cri.runtime.listPodSandbox()).length === 0);
    return took;
  };
  const [plain, withVolumes]: [number[], number[]] = [[], []];
  for (let i = 0; i < ROUNDS; i += 1) {
    plain.push(await start(`plain-${i}`, 0));
    withVolumes.push(await start(`full-${i}`, VOLUMES));
  }
  await watch.close();
  const more = withVolumes.map((value, i) => value - (plain[i] ?? Number.NaN));
  return { withVolumesMs: summary(withVolumes), withoutMs: summary(plain), moreMs: summary(more) };
}

async function restFigures(node: AgentNode): Promise<unknown> {
  const without = await restingPercent(node, 0);
  const withVolumes = await restingPercent(node, VOLUMES);
  return {
    mountedVolumes: REST_PODS * VOLUMES,
    withVolumesPercentOfACore: round(withVolumes),
    withoutPercentOfACore: round(without),
    morePercentOfACore: round(withVolumes - without),
  };
}

function restingPercent(node: AgentNode, volumes: number): Promise<number> {
  const pods = Array.from({ length: REST_PODS }, (_, i) => volumePod(`rest-${volumes}-${i}`, volumes));
  return percentAtRest(node, pods, isRunning);
}

function objects(): readonly unknown[] {
  const data = Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`key${i}`, "x".repeat(200)]));
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "page" }, data },
    { apiVersion: "v1", kind: "Secret", metadata: { name: "key" }, stringData: data },
  ];
}

/** Of every twenty: 8 configMaps, 5 secrets, 4 emptyDirs (one in memory), 2 projected, 1 downwardAPI. */
function volumePod(name: string, count: number): unknown {
  const fields = [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }];
  const sources = [{ configMap: { name: "page" } }, { downwardAPI: { items: fields } }];
  const volumes = Array.from({ length: count }, (_, i) => {
    const own = { name: `v${i}` };
    const kind = i % VOLUMES;
    if (kind < 8) return { ...own, configMap: { name: "page" } };
    if (kind < 13) return { ...own, secret: { secretName: "key" } };
    if (kind < 16) return { ...own, emptyDir: {} };
    if (kind < 17) return { ...own, emptyDir: { medium: "Memory", sizeLimit: "1Mi" } };
    if (kind < 19) return { ...own, projected: { sources } };
    return { ...own, downwardAPI: { items: fields } };
  });
  const base = shellPod(name, SLEEP) as { readonly spec: { readonly containers: readonly object[] } };
  const volumeMounts = volumes.map((volume) => ({ name: volume.name, mountPath: `/volumes/${volume.name}` }));
  const containers = base.spec.containers.map((container) => ({ ...container, volumeMounts }));
  return { ...base, spec: { ...base.spec, containers, volumes } };
}
