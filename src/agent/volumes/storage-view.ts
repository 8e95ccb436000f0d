/** What the agent shows of its storage: claims and volumes as they are bound, and what the node's objects say of CSI. */
import type { PersistentVolume, PersistentVolumeClaim } from "../../core/api/types.ts";
import {
  type CsiNodeDriver,
  csiNodeDrivers,
  type VolumesOfNode,
  volumesOfNode,
} from "../../core/volume/csi/node-drivers.ts";
import type { Storage } from "./create-storage.ts";
import type { VolumeManager } from "./volume-manager.ts";

export interface StorageViewPorts {
  readonly storage: Pick<Storage, "claims" | "registry" | "csi">;
  readonly volumes: Pick<VolumeManager, "state">;
}

export class StorageView {
  readonly #ports: StorageViewPorts;

  constructor(ports: StorageViewPorts) {
    this.#ports = ports;
  }

  /** By namespace and name, those made for pods among them. */
  claims(): readonly PersistentVolumeClaim[] {
    return this.#ports.storage.claims.claims();
  }

  /** By name. */
  volumes(): readonly PersistentVolume[] {
    return this.#ports.storage.claims.volumes();
  }

  /** Drivers of the node's CSINode. */
  csiDrivers(): readonly CsiNodeDriver[] {
    return csiNodeDrivers(this.#ports.storage.registry.drivers().values());
  }

  /** For the node's status. */
  volumesOfNode(): VolumesOfNode {
    const { storage, volumes } = this.#ports;
    const devices = Object.entries(volumes.state.devices);
    const used = devices.filter(([, { plugin, actual }]) => plugin === storage.csi.name && actual !== "absent");
    return volumesOfNode(used.map(([name]) => name));
  }
}
