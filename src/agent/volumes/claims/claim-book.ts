/**
 * Knows what is behind each claim: binds claims when the objects of storage change, and remembers the bindings for as long
 * as the data is kept.
 */
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from "../../../core/api/types.ts";
import { bindClaims } from "../../../core/volume/claims/bind-claims.ts";
import { type ClaimBinding, claimKey } from "../../../core/volume/claims/binding.ts";
import { claimsWithStatus, volumesWithStatus } from "../../../core/volume/claims/claim-status.ts";
import { podClaims } from "../../../core/volume/claims/pod-claims.ts";
import { type ClaimedStorage, type ClaimWorld, resolveClaim } from "../../../core/volume/claims/resolve-claim.ts";
import type { VolumeNode } from "../../../core/volume/claims/volume-fit.ts";
import type { StorageObjects } from "../../../core/volume/storage-object.ts";
import type { Log } from "../../../ports/log.ts";
import type { RecordStore } from "../../../ports/record-store.ts";
import type { ClaimLookup } from "./claimed-volume.ts";

export interface ClaimBookPorts {
  readonly log: Log;
  readonly store: RecordStore;
  readonly objects: ClaimObjects;
}

export interface ClaimObjects {
  readonly storage: StorageObjects;
  pods(): readonly { readonly pod: Pod }[];
}

export interface ClaimBookOptions {
  readonly node: VolumeNode;
  /** Where directories for claims are made. */
  readonly claimsDirectory: string;
  readonly podsDirectory: string;
}

/** Binding by its key. */
const TABLE = "claimBindings";

export class ClaimBook implements ClaimLookup {
  readonly #ports: ClaimBookPorts;
  readonly #options: ClaimBookOptions;
  #bindings: ReadonlyMap<string, ClaimBinding>;
  #world: ClaimWorld | undefined;

  constructor(ports: ClaimBookPorts, options: ClaimBookOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#bindings = new Map(ports.store.list(TABLE).map(({ key, value }) => [key, value as ClaimBinding]));
  }

  resolve(pod: Pod, volume: Volume): ClaimedStorage | { readonly error: string } | undefined {
    if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) return undefined;
    return resolveClaim(pod, volume, this.#current());
  }

  /** Every claim as it is bound, those made for pods among them. */
  claims(): readonly PersistentVolumeClaim[] {
    return claimsWithStatus(this.#current());
  }

  volumes(): readonly PersistentVolume[] {
    return volumesWithStatus(this.#current());
  }

  #current(): ClaimWorld {
    const { storage } = this.#ports.objects;
    const made = this.#ports.objects.pods().flatMap(({ pod }) => podClaims(pod));
    const known = this.#world;
    if (known !== undefined && known.storage === storage && isSame(made, known.podClaims)) return known;
    const bound = bindClaims({ storage, podClaims: made, bindings: [...this.#bindings.values()], ...this.#options });
    this.#remember(bound.bindings);
    this.#world = { storage, podClaims: new Map(made.map((claim) => [claimKey(claim), claim])), bound };
    return this.#world;
  }

  #remember(bindings: ReadonlyMap<string, ClaimBinding>): void {
    const { log, store } = this.#ports;
    const before = this.#bindings;
    this.#bindings = bindings;
    for (const [key, binding] of bindings) {
      if (before.get(key) === binding) continue;
      store.put(TABLE, key, binding);
      log.info("claim bound", { claim: binding.claim, to: binding.to });
    }
    for (const key of before.keys()) if (!bindings.has(key)) store.delete(TABLE, key);
  }
}

/** Claims made for a pod stay the same as long as the pod does. */
function isSame(made: readonly PersistentVolumeClaim[], known: ReadonlyMap<string, PersistentVolumeClaim>): boolean {
  return made.length === known.size && made.every((claim) => ownerOf(known.get(claimKey(claim))) === ownerOf(claim));
}

function ownerOf(claim: PersistentVolumeClaim | undefined): string | undefined {
  return claim?.metadata?.ownerReferences?.[0]?.uid;
}
