/** An agent as its servers see it. */
import type { RecordedEvent } from "../../src/agent/events/event-recorder.ts";
import type { SummaryOptions } from "../../src/agent/stats/stats-manager.ts";
import type { ConfigMap, Pod } from "../../src/core/api/types.ts";
import type { EvictionRecord } from "../../src/core/eviction/record.ts";
import { csiNodeDrivers, volumesOfNode } from "../../src/core/volume/csi/node-drivers.ts";
import type { RuntimeService } from "../../src/ports/runtime.ts";
import type { ServedAgent } from "../../src/server/api/ports.ts";

export function pod(name: string, namespace = "default", more: Partial<Pod> = {}): Pod {
  return {
    metadata: { name, namespace, uid: `${namespace}-${name}`, labels: { app: name } },
    spec: { containers: [{ name: "main", image: "i" }] },
    status: {
      phase: "Running",
      containerStatuses: [
        {
          name: "main",
          image: "i",
          imageID: "",
          ready: true,
          restartCount: 0,
          containerID: "containerd://id",
          state: { running: {} },
        },
      ],
    },
    ...more,
  };
}

const configMap: ConfigMap = { metadata: { name: "page", namespace: "default" }, data: { a: "1" } };
export const event: RecordedEvent = {
  name: "web.1",
  namespace: "default",
  involvedObject: { kind: "Pod", name: "web", namespace: "default" },
  type: "Normal",
  reason: "Started",
  message: "Started container main",
  count: 1,
  firstTimestamp: "2024-01-01T00:00:00Z",
  lastTimestamp: "2024-01-01T00:00:00Z",
};

/** An agent whose pods and streaming address a test can change. */
export class FakeServedAgent implements ServedAgent {
  list: readonly Pod[] = [pod("web"), pod("db", "other")];
  streamingUrl = "";
  loopAgeMs = 0;
  #listener: (event: RecordedEvent) => void = () => {};
  readonly nodeName = "node1";
  readonly logRoot = "/logs";
  readonly runtime = { exec: async () => this.streamingUrl } as unknown as RuntimeService;
  pods = () => this.list;
  pod = (namespace: string, name: string) =>
    this.list.find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name);
  onPodStatus = () => () => {};
  configMaps = () => [configMap];
  secrets = () => [];
  readonly storage = {
    claims: () => [{ metadata: { name: "data", namespace: "default" }, status: { phase: "Bound" } }],
    volumes: () => [{ metadata: { name: "pv" }, status: { phase: "Bound" } }],
    csiDrivers: () =>
      csiNodeDrivers([{ name: "d.example.com", node: { nodeId: "n", maxVolumesPerNode: 5, topology: {} } }]),
    volumesOfNode: () => volumesOfNode(["kubernetes.io/csi/d.example.com^v"]),
  };
  events = () => [event];
  onEvent = (listener: (event: RecordedEvent) => void) => {
    this.#listener = listener;
    return () => {};
  };
  emit = (next: RecordedEvent) => this.#listener(next);
  manifestProblems = () => [{ path: "/m/a.yaml", line: 3, message: "bad" }];
  images = async () => [];
  pulls = () => [];
  asked: SummaryOptions[] = [];
  summary = async (options: SummaryOptions) => {
    this.asked.push(options);
    return { node: { nodeName: this.nodeName } };
  };
  pressureConditions = () => ["DiskPressure"] as const;
  explainPressure = async () => ({ atMs: 0 });
  readonly evictionFields = { evictionHard: { "memory.available": "100Mi" } };
  records: readonly EvictionRecord[] = [];
  evictionRecords = () => this.records;
  onEvictionRound = () => () => {};
  readiness = () => ({ ready: true, reason: "KubeletReady", message: "fine" }) as const;
  syncLoopAgeMs = () => this.loopAgeMs;
  runtimeVersion = () => ({ runtimeName: "containerd", runtimeVersion: "1", runtimeApiVersion: "v1" });
}
