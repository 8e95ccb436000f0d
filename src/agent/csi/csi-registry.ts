/**
 * The CSI drivers of this node: looks after the sockets by which plugins make themselves known, asks each driver who it is
 * and what this node is called, and tells it whether it was taken. A driver whose socket goes is known no more; one that
 * comes back under the same name is taken anew.
 * Source: kubelet pluginmanager (reconciler, operation_generator.go), volume/csi csi_plugin.go RegistrationHandler.
 */
import type { CsiNodeCapability, CsiNodeInfo } from "../../core/volume/csi/types.ts";
import type { Clock } from "../../ports/clock.ts";
import type { CsiDriverConnection, CsiDrivers, PluginInfo, PluginSocket, PluginSockets } from "../../ports/csi.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";

export interface CsiRegistryPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly pluginSockets: PluginSockets;
  readonly csiDrivers: CsiDrivers;
}

export interface CsiRegistryOptions {
  /** A driver is there that was not, or is another one now. */
  readonly onRegistered: (driver: string) => void;
}

/** A driver that was taken. */
export interface RegisteredDriver {
  readonly name: string;
  readonly endpoint: string;
  readonly node: CsiNodeInfo;
  readonly capabilities: ReadonlySet<CsiNodeCapability>;
  readonly connection: CsiDriverConnection;
}

const PLUGIN_TYPE = "CSIPlugin";
/** A driver that does not answer is asked again so soon, and then twice as late each time. */
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;

export class CsiRegistry {
  readonly #ports: CsiRegistryPorts;
  readonly #options: CsiRegistryOptions;
  readonly #drivers = new Map<string, RegisteredDriver & { readonly socket: PluginSocket }>();
  /** What is done about each socket that is there, by path. */
  readonly #tasks = new Map<string, { readonly identity: string; readonly end: AbortController }>();
  #done: Promise<unknown> = Promise.resolve();

  constructor(ports: CsiRegistryPorts, options: CsiRegistryOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#done = this.#run(signal);
  }

  async stop(): Promise<void> {
    await this.#done;
    for (const { connection } of this.#drivers.values()) connection.close();
  }

  /** By name. */
  drivers(): ReadonlyMap<string, RegisteredDriver> {
    return this.#drivers;
  }

  /** The driver, or why there is none, in the kubelet's words. */
  driver(name: string): RegisteredDriver | { readonly error: string } {
    return this.#drivers.get(name) ?? { error: `driver name ${name} not found in the list of registered CSI drivers` };
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log, pluginSockets } = this.#ports;
    const endAll = () => {
      for (const { end } of this.#tasks.values()) end.abort();
    };
    signal.addEventListener("abort", endAll, { once: true });
    while (!signal.aborted) {
      try {
        await pluginSockets.watch((sockets) => this.#take(sockets, signal), signal);
      } catch (error) {
        log.error("plugin sockets not watched", { error: errorMessage(error) });
      }
      await clock.sleep(LAST_RETRY_MS, signal);
    }
  }

  #take(sockets: readonly PluginSocket[], signal: AbortSignal): void {
    const present = new Map(sockets.map((socket) => [socket.path, socket]));
    for (const [path, task] of this.#tasks) {
      if (present.get(path)?.identity === task.identity) continue;
      task.end.abort();
      this.#tasks.delete(path);
      if (!present.has(path)) this.#forget(path);
    }
    for (const socket of sockets) {
      if (this.#tasks.has(socket.path) || signal.aborted) continue;
      const end = new AbortController();
      this.#tasks.set(socket.path, { identity: socket.identity, end });
      void this.#register(socket, end.signal);
    }
  }

  #forget(path: string): void {
    for (const [name, driver] of this.#drivers) {
      if (driver.socket.path !== path) continue;
      this.#drivers.delete(name);
      driver.connection.close();
      this.#ports.log.info("CSI driver gone", { driver: name });
    }
  }

  /** Until it is taken or refused for good. */
  async #register(socket: PluginSocket, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#ports;
    for (let retryMs = FIRST_RETRY_MS; !signal.aborted; retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)) {
      try {
        await this.#registerOnce(socket, signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        log.warn("plugin not registered", { socket: socket.path, error: errorMessage(error) });
      }
      await clock.sleep(retryMs, signal);
    }
  }

  /** Rejects when it is worth another try. */
  async #registerOnce(socket: PluginSocket, signal: AbortSignal): Promise<void> {
    const { log, pluginSockets } = this.#ports;
    const info = await pluginSockets.getInfo(socket.path, signal);
    const refusal = whyRefused(info, socket.path);
    if (refusal !== undefined) {
      log.warn("plugin refused", { socket: socket.path, reason: refusal });
      await pluginSockets.notify(socket.path, { registered: false, error: refusal }, signal);
      return;
    }
    try {
      await this.#connect(info, socket, signal);
    } catch (error) {
      const text = `RegisterPlugin error -- plugin registration failed with err: ${errorMessage(error)}`;
      await pluginSockets.notify(socket.path, { registered: false, error: text }, signal).catch(() => {});
      throw error;
    }
    await pluginSockets.notify(socket.path, { registered: true, error: "" }, signal);
  }

  async #connect(info: PluginInfo, socket: PluginSocket, signal: AbortSignal): Promise<void> {
    const { log, csiDrivers } = this.#ports;
    const endpoint = info.endpoint === "" ? socket.path : info.endpoint;
    const connection = csiDrivers.connect(endpoint);
    try {
      const [node, capabilities] = await Promise.all([
        connection.nodeInfo(signal),
        connection.nodeCapabilities(signal),
      ]);
      if (node.nodeId === "")
        throw new Error("error updating CSINode object with CSI driver node info: nodeID must not be empty");
      signal.throwIfAborted();
      this.#drivers.get(info.name)?.connection.close();
      this.#drivers.set(info.name, { name: info.name, endpoint, node, capabilities, connection, socket });
    } catch (error) {
      connection.close();
      throw error;
    }
    log.info("CSI driver registered", { driver: info.name, endpoint });
    this.#options.onRegistered(info.name);
  }
}

/** Source: operation_generator.go GenerateRegisterPluginFunc, csi_plugin.go validateVersions. */
function whyRefused({ type, name, supportedVersions }: PluginInfo, path: string): string | undefined {
  if (type !== PLUGIN_TYPE) {
    return `RegisterPlugin error -- no handler registered for plugin type: ${type} at socket ${path}`;
  }
  const failed = `RegisterPlugin error -- pluginHandler.ValidatePluginFunc failed: `;
  if (name === "" || name.includes("/")) return `${failed}driver name ${JSON.stringify(name)} cannot be used`;
  if (supportedVersions.length === 0) {
    return `${failed}kubernetes.io/csi: Driver ${name} versions list is empty`;
  }
  if (supportedVersions.some((version) => /^v?1(\.\d+)*$/.test(version.trim()))) return undefined;
  return `${failed}none of the CSI versions reported by this driver are supported`;
}
