/**
 * Binds claims to volumes of the node's manifests, and those that ask for nothing in particular to a directory of this
 * node. Differs: a node that stands alone has no controller that would do it. A binding is kept for as long as it can
 * be: a claim whose object went away and came back finds its data, and nobody else does.
 * Source: volume/persistentvolume pv_controller.go syncUnboundClaim, of which provisioning is left out.
 */
import type { PersistentVolume, PersistentVolumeClaim } from "../../api/types.ts";
import { compareQuantities } from "../../quantity/index.ts";
import type { StorageObjects } from "../storage-object.ts";
import { type BoundStorage, bindingKey, type ClaimBinding, claimKey, claimOwner } from "./binding.ts";
import { capacityOf, claimClass, fits, isReachable, type VolumeNode, whyUnfit } from "./volume-fit.ts";

export interface BindInput {
  readonly storage: StorageObjects;
  /** Claims made for pods, besides those of `storage`. */
  readonly podClaims: readonly PersistentVolumeClaim[];
  readonly bindings: readonly ClaimBinding[];
  readonly node: VolumeNode;
  /** Where directories for claims are made. */
  readonly claimsDirectory: string;
  /** The agent's directory of pods, where that of a claim made for a pod lies. */
  readonly podsDirectory: string;
}

export interface BindResult {
  /** Every binding to remember, those of claims that are not there now among them. By `bindingKey`. */
  readonly bindings: ReadonlyMap<string, ClaimBinding>;
  /** Claims that cannot be used: why. By "namespace/name". */
  readonly pending: ReadonlyMap<string, string>;
}

const DEFAULT_CLASS_ANNOTATION = "storageclass.kubernetes.io/is-default-class";
/** A StorageClass of this provisioner gives directories, too. */
export const DIRECTORY_PROVISIONER = "tskubelet.dev/directory";
const NO_VOLUME = "no persistent volumes available for this claim and no storage class is set";

export function bindClaims(input: BindInput): BindResult {
  return new Binder(input).run();
}

class Binder {
  readonly #input: BindInput;
  readonly #claims: readonly PersistentVolumeClaim[];
  readonly #bindings = new Map<string, ClaimBinding>();
  readonly #pending = new Map<string, string>();
  /** Names of volumes that somebody has: whose binding. */
  readonly #taken = new Map<string, string>();

  constructor(input: BindInput) {
    this.#input = input;
    const own = [...input.storage.claims.values()];
    const names = new Set(own.map(claimKey));
    const made = input.podClaims.filter((claim) => !names.has(claimKey(claim)));
    this.#claims = [...own, ...made].sort((a, b) => (claimKey(a) < claimKey(b) ? -1 : 1));
  }

  run(): BindResult {
    this.#keep();
    const unbound = this.#claims.filter((claim) => !this.#bindings.has(keyOf(claim)));
    // Who names a volume, or is named by one, comes before who takes what there is.
    const isNamed = (claim: PersistentVolumeClaim) =>
      Boolean(claim.spec?.volumeName) || this.#reserved(claim) !== undefined;
    for (const claim of unbound.filter(isNamed)) this.#bind(claim);
    for (const claim of unbound.filter((claim) => !isNamed(claim))) this.#bind(claim);
    return { bindings: this.#bindings, pending: this.#pending };
  }

  #keep(): void {
    const claims = new Map(this.#claims.map((claim) => [keyOf(claim), claim]));
    for (const binding of this.#input.bindings) {
      const claim = claims.get(bindingKey(binding.claim, binding.ownerUid));
      const isKept = claim === undefined ? this.#outlivesClaim(binding) : !namesAnother(claim, binding.to);
      if (!isKept) continue;
      this.#set(binding);
      const { to } = binding;
      if (claim === undefined || to.kind !== "volume" || this.#input.storage.volumes.has(to.name)) continue;
      this.#pending.set(binding.claim, notFound(to.name));
    }
  }

  /** Data of a claim that is gone waits for it to come back; what was made for a pod goes with it. */
  #outlivesClaim({ to, ownerUid }: ClaimBinding): boolean {
    return to.kind === "volume" ? this.#input.storage.volumes.has(to.name) : ownerUid === undefined;
  }

  #set(binding: ClaimBinding): void {
    const key = bindingKey(binding.claim, binding.ownerUid);
    this.#bindings.set(key, binding);
    if (binding.to.kind === "volume") this.#taken.set(binding.to.name, key);
  }

  #bind(claim: PersistentVolumeClaim): void {
    const key = claimKey(claim);
    const found = this.#storageFor(claim);
    if ("why" in found) {
      this.#pending.set(key, found.why);
      return;
    }
    const ownerUid = claimOwner(claim);
    this.#set({ claim: key, to: found, ...(ownerUid !== undefined && { ownerUid }) });
  }

  #storageFor(claim: PersistentVolumeClaim): BoundStorage | { readonly why: string } {
    const className = this.#className(claim);
    const named = claim.spec?.volumeName;
    if (named) return this.#namedVolume(named, claim, className);
    const volume = this.#reserved(claim) ?? this.#bestVolume(claim, className);
    if (volume !== undefined) return { kind: "volume", name: volume.metadata?.name ?? "" };
    return this.#withoutVolume(claim, className);
  }

  #namedVolume(name: string, claim: PersistentVolumeClaim, className: string): BoundStorage | { readonly why: string } {
    const volume = this.#input.storage.volumes.get(name);
    if (volume === undefined) return { why: notFound(name) };
    if (!this.#isFree(volume, claim)) return { why: `volume "${name}" already bound to a different claim.` };
    if (!isReachable(volume, this.#input.node)) {
      return { why: `volume "${name}" cannot be used on this node: its node affinity does not match` };
    }
    const unfit = whyUnfit(volume, claim, className);
    if (unfit !== undefined) return { why: `Cannot bind to requested volume "${name}": ${unfit}` };
    return { kind: "volume", name };
  }

  /** The volume whose claimRef names this claim. */
  #reserved(claim: PersistentVolumeClaim): PersistentVolume | undefined {
    return [...this.#input.storage.volumes.values()].find(
      (volume) =>
        isReservedFor(volume, claim) &&
        this.#isFree(volume, claim) &&
        isReachable(volume, this.#input.node) &&
        whyUnfit(volume, claim, this.#className(claim)) === undefined,
    );
  }

  /** The smallest that does, the first by name among equals. */
  #bestVolume(claim: PersistentVolumeClaim, className: string): PersistentVolume | undefined {
    const { storage, node } = this.#input;
    const fitting = [...storage.volumes.values()].filter(
      (volume) =>
        volume.spec?.claimRef === undefined && this.#isFree(volume, claim) && fits(volume, claim, className, node),
    );
    const [best] = fitting.sort(
      (a, b) =>
        compareQuantities(capacityOf(a), capacityOf(b)) ||
        ((a.metadata?.name ?? "") < (b.metadata?.name ?? "") ? -1 : 1),
    );
    return best;
  }

  #isFree(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
    const holder = this.#taken.get(volume.metadata?.name ?? "");
    if (holder !== undefined) return holder === keyOf(claim);
    return volume.spec?.claimRef === undefined || isReservedFor(volume, claim);
  }

  #className(claim: PersistentVolumeClaim): string {
    return claimClass(claim) ?? this.#defaultClass() ?? "";
  }

  #defaultClass(): string | undefined {
    const names = [...this.#input.storage.classes].flatMap(([name, { metadata }]) =>
      metadata?.annotations?.[DEFAULT_CLASS_ANNOTATION] === "true" ? [name] : [],
    );
    return names.sort()[0];
  }

  #withoutVolume(claim: PersistentVolumeClaim, className: string): BoundStorage | { readonly why: string } {
    if (className !== "") {
      const found = this.#input.storage.classes.get(className);
      if (found === undefined) return { why: `storageclass.storage.k8s.io "${className}" not found` };
      const { provisioner } = found;
      if (provisioner !== DIRECTORY_PROVISIONER) {
        return {
          why: `waiting for a volume to be created, either by external provisioner "${provisioner}" or manually created by system administrator`,
        };
      }
    }
    if (claim.spec?.selector !== undefined) return { why: NO_VOLUME };
    if (claim.spec?.volumeMode === "Block") return { why: `${NO_VOLUME}; a directory is no block device` };
    return { kind: "directory", path: this.#directoryOf(claim) };
  }

  /** Names of namespaces and claims are DNS names: none of them leaves its directory. */
  #directoryOf(claim: PersistentVolumeClaim): string {
    const { claimsDirectory, podsDirectory } = this.#input;
    const ownerUid = claimOwner(claim);
    const name = claim.metadata?.name ?? "";
    if (ownerUid !== undefined) return `${podsDirectory}/${ownerUid}/volumes/tskubelet.dev~claim/${name}`;
    return `${claimsDirectory}/${claim.metadata?.namespace ?? "default"}/${name}`;
  }
}

function keyOf(claim: PersistentVolumeClaim): string {
  return bindingKey(claimKey(claim), claimOwner(claim));
}

/** A claim that names a volume wants that one, whatever it had. */
function namesAnother(claim: PersistentVolumeClaim, to: BoundStorage): boolean {
  const named = claim.spec?.volumeName;
  return Boolean(named) && !(to.kind === "volume" && to.name === named);
}

function isReservedFor(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const reference = volume.spec?.claimRef;
  if (reference === undefined) return false;
  return `${reference.namespace ?? "default"}/${reference.name ?? ""}` === claimKey(claim);
}

function notFound(volume: string): string {
  return `persistentvolume "${volume}" not found`;
}
