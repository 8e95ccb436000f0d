import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { findProgram } from "../containerd/programs.ts";
import { chooseSubnet, parseRoutes, parseSubnet } from "./subnet.ts";

export interface BridgeNetworkOptions {
  /** The agent's root directory; the network's files lie in `cni/` below it. */
  readonly rootDir: string;
  /** At most 15 characters, as the kernel allows. Default `tskube0`. */
  readonly bridge?: string;
  /** IPv4 network of the pods; without it the first free one is taken, and kept from then on. */
  readonly subnet?: string;
  /** Use the machine's own network configuration where it has one, instead of ours. */
  readonly hostConfDir?: string;
}

export interface PodNetwork {
  readonly confDir: string;
  /** Absent where the machine's own configuration is used. */
  readonly subnet?: string;
  readonly bridge?: string;
}

export const DEFAULT_BRIDGE = "tskube0";
const CONFLIST = "10-tskubelet.conflist";

/** A subnet that is no network, or that the machine uses already. */
export class NetworkUnusable extends Error {
  override readonly name = "NetworkUnusable";
}

/** Sees to it that the runtime finds a network configuration, and says where. */
export function ensurePodNetwork(options: BridgeNetworkOptions): PodNetwork {
  if (options.hostConfDir !== undefined && hasNetworkConfig(options.hostConfDir)) {
    return { confDir: options.hostConfDir };
  }
  const bridge = options.bridge ?? DEFAULT_BRIDGE;
  if (bridge.length === 0 || bridge.length > 15) throw new NetworkUnusable(`bridge name ${bridge}: 1 to 15 characters`);
  const confDir = join(options.rootDir, "cni", "net.d");
  const path = join(confDir, CONFLIST);
  const existing = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  const subnet = options.subnet ?? subnetOf(existing) ?? freeSubnet(bridge);
  checkSubnet(subnet, bridge);
  const conflist = renderConflist(bridge, subnet, join(options.rootDir, "cni", "networks"));
  if (conflist !== existing) {
    mkdirSync(confDir, { recursive: true, mode: 0o755 });
    writeFileSync(path, conflist, { mode: 0o644 });
  }
  return { confDir, subnet, bridge };
}

/** Takes the bridge, the configuration and the address records away; pods must be gone. */
export async function removePodNetwork(options: BridgeNetworkOptions): Promise<void> {
  const directory = join(options.rootDir, "cni");
  const bridge = options.bridge ?? DEFAULT_BRIDGE;
  const ours = existsSync(join(directory, "net.d", CONFLIST));
  if (ours && existsSync(`/sys/class/net/${bridge}/bridge`)) {
    await promisify(execFile)(findProgram("ip") ?? "ip", ["link", "delete", bridge, "type", "bridge"]);
  }
  rmSync(directory, { recursive: true, force: true });
}

/** A CNI network configuration list: bridge with addresses from host-local, and host ports. */
export function renderConflist(bridge: string, subnet: string, dataDir: string): string {
  const conflist = {
    cniVersion: "0.4.0",
    name: "tskubelet",
    plugins: [
      {
        type: "bridge",
        bridge,
        isGateway: true,
        ipMasq: true,
        hairpinMode: true,
        ipam: { type: "host-local", dataDir, ranges: [[{ subnet }]], routes: [{ dst: "0.0.0.0/0" }] },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
  return `${JSON.stringify(conflist, undefined, 2)}\n`;
}

function hasNetworkConfig(directory: string): boolean {
  return existsSync(directory) && readdirSync(directory).some((name) => /\.(conf|conflist|json)$/.test(name));
}

function subnetOf(conflist: string | undefined): string | undefined {
  if (conflist === undefined) return undefined;
  return /"subnet": "([0-9./]+)"/.exec(conflist)?.[1];
}

function freeSubnet(bridge: string): string {
  const subnet = chooseSubnet(machineRoutes(), bridge);
  if (subnet === undefined)
    throw new NetworkUnusable("no free network for pods: name one that this machine does not use");
  return subnet;
}

function checkSubnet(subnet: string, bridge: string): void {
  if (parseSubnet(subnet) === undefined)
    throw new NetworkUnusable(`${subnet} is not an IPv4 network such as 10.88.0.0/16`);
  if (chooseSubnet(machineRoutes(), bridge, [subnet]) === undefined) {
    throw new NetworkUnusable(`${subnet} overlaps a route of this machine`);
  }
}

function machineRoutes() {
  return parseRoutes(readFileSync("/proc/net/route", "utf8"));
}
