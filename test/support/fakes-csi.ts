/** Plugin sockets and a CSI driver in memory. */
import type {
  CsiNodeCapability,
  CsiVolumeStats,
  ExpandRequest,
  PublishRequest,
  StageRequest,
  UnpublishRequest,
  UnstageRequest,
  VolumeStatsRequest,
} from "../../src/core/volume/csi/types.ts";
import type { CsiDriverConnection, CsiDrivers, PluginInfo, PluginSocket, PluginSockets } from "../../src/ports/csi.ts";
import { CsiError, type GrpcCode } from "../../src/ports/errors.ts";

export class FakePluginSockets implements PluginSockets {
  readonly infos = new Map<string, PluginInfo>();
  /** "PATH: registered" or "PATH: ERROR". */
  readonly told: string[] = [];
  #sockets: readonly PluginSocket[] = [];
  #report: (sockets: readonly PluginSocket[]) => void = () => {};

  show(sockets: readonly PluginSocket[]): void {
    this.#sockets = sockets;
    this.#report(sockets);
  }

  watch(report: (sockets: readonly PluginSocket[]) => void, signal: AbortSignal): Promise<void> {
    this.#report = report;
    report(this.#sockets);
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  }

  async getInfo(socketPath: string): Promise<PluginInfo> {
    const info = this.infos.get(socketPath);
    if (info === undefined) throw new CsiError("Unavailable", "GetInfo", "nobody there");
    return info;
  }

  async notify(socketPath: string, status: { readonly registered: boolean; readonly error: string }): Promise<void> {
    this.told.push(`${socketPath}: ${status.registered ? "registered" : status.error}`);
  }
}

/** Every driver is this one. It remembers what it was asked, and fails the calls that it is told to. */
export class FakeCsiDriver implements CsiDrivers, CsiDriverConnection {
  readonly capabilities = new Set<CsiNodeCapability>(["STAGE_UNSTAGE_VOLUME", "GET_VOLUME_STATS"]);
  readonly failing = new Set<string>();
  failure: GrpcCode = "Internal";
  readonly asked: (readonly [string, object])[] = [];
  stats: CsiVolumeStats = { usage: [] };

  connect(): CsiDriverConnection {
    return this;
  }

  /** The calls that change something, in order. */
  get calls(): readonly string[] {
    return this.asked.map(([call]) => call);
  }

  async #ask<T>(call: string, request: object, answer: T): Promise<T> {
    if (request !== this) this.asked.push([call, request]);
    if (this.failing.has(call)) throw new CsiError(this.failure, call, `${call} fails`);
    return answer;
  }

  pluginInfo = () => this.#ask("pluginInfo", this, { name: "d.example.com", vendorVersion: "1" });
  nodeInfo = () => this.#ask("nodeInfo", this, { nodeId: "node-id", maxVolumesPerNode: 3, topology: { rack: "r1" } });
  nodeCapabilities = () => this.#ask("nodeCapabilities", this, this.capabilities);
  stage = (request: StageRequest) => this.#ask("stage", request, undefined);
  unstage = (request: UnstageRequest) => this.#ask("unstage", request, undefined);
  publish = (request: PublishRequest) => this.#ask("publish", request, undefined);
  unpublish = (request: UnpublishRequest) => this.#ask("unpublish", request, undefined);
  volumeStats = (request: VolumeStatsRequest) => this.#ask("volumeStats", request, this.stats);
  expand = (request: ExpandRequest) => this.#ask("expand", request, request.requiredBytes);
  close(): void {}
}
