/** Composes what volumes behind claims and of CSI drivers need. */
import type { Clock } from "../../ports/clock.ts";
import type { CsiDrivers, PluginSockets } from "../../ports/csi.ts";
import type { Log } from "../../ports/log.ts";
import type { MachineInfo } from "../../ports/machine.ts";
import type { NetworkStorage } from "../../ports/network-storage.ts";
import type { RecordStore } from "../../ports/record-store.ts";
import type { StorageFiles } from "../../ports/storage-files.ts";
import type { VolumeFiles } from "../../ports/volume-files.ts";
import { CsiRegistry } from "../csi/csi-registry.ts";
import { ClaimBook, type ClaimObjects } from "./claims/claim-book.ts";
import type { ObjectLookup } from "./object-lookup.ts";
import { claimDirectoryPlugin } from "./plugins/claim-directory.ts";
import { CsiPlugin } from "./plugins/csi/csi-plugin.ts";
import { IscsiPlugin } from "./plugins/iscsi.ts";
import { localVolumePlugin } from "./plugins/local-volume.ts";
import { nfsPlugin } from "./plugins/nfs.ts";
import type { VolumePlugin } from "./volume-plugin.ts";

export interface StoragePorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly files: VolumeFiles;
  readonly storageFiles: StorageFiles;
  readonly pluginSockets: PluginSockets;
  readonly csiDrivers: CsiDrivers;
  readonly networkStorage: NetworkStorage;
  readonly machine: MachineInfo;
}

export interface StorageOptions {
  readonly nodeName: string;
  readonly claimsDirectory: string;
  readonly stats: { readonly rootDir: string };
}

export interface StorageParts {
  readonly store: RecordStore;
  readonly pods: ClaimObjects & Pick<ObjectLookup, "secret">;
  /** A CSI driver is there. */
  readonly onRegistered: () => void;
}

export interface Storage {
  readonly claims: ClaimBook;
  readonly registry: CsiRegistry;
  readonly csi: CsiPlugin;
  readonly plugins: readonly VolumePlugin[];
}

export function createStorage(ports: StoragePorts, options: StorageOptions, parts: StorageParts): Storage {
  const { clock, log, files, storageFiles: storage, pluginSockets, csiDrivers, machine } = ports;
  const { networkStorage: network } = ports;
  const { nodeName, claimsDirectory } = options;
  const { rootDir } = options.stats;
  const { store, pods, onRegistered } = parts;
  const labels = {
    "kubernetes.io/arch": machine.architecture,
    "kubernetes.io/hostname": machine.hostname,
    "kubernetes.io/os": "linux",
  };
  const claims = new ClaimBook(
    { log, store, objects: pods },
    { node: { name: nodeName, labels }, claimsDirectory, podsDirectory: `${rootDir}/pods` },
  );
  const registry = new CsiRegistry({ clock, log, pluginSockets, csiDrivers }, { onRegistered });
  const csi = new CsiPlugin({ clock, log, registry, storage, files, objects: pods }, { rootDir, nodeName });
  const plugins = [
    claimDirectoryPlugin(storage, files),
    localVolumePlugin(storage, files),
    nfsPlugin(network, { rootDir }),
    new IscsiPlugin({ network, storage, files }, { rootDir }),
    csi,
  ];
  return { claims, registry, csi, plugins };
}
