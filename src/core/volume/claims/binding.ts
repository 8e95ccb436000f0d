/** Which claim has which storage, as it is remembered: a binding outlives pods, claims' objects and the agent. */
import type { PersistentVolumeClaim } from "../../api/types.ts";

export interface ClaimBinding {
  /** "namespace/name" of the claim. */
  readonly claim: string;
  readonly to: BoundStorage;
  /** UID of the pod that the claim was made for; absent: the claim is an object of its own. */
  readonly ownerUid?: string;
}

export type BoundStorage =
  | { readonly kind: "volume"; readonly name: string }
  /** A directory of this node, made for the claim. */
  | { readonly kind: "directory"; readonly path: string };

/** "namespace/name". */
export function claimKey(claim: PersistentVolumeClaim): string {
  return `${claim.metadata?.namespace ?? "default"}/${claim.metadata?.name ?? ""}`;
}

/** Names one binding: of claims made for pods, those of an earlier pod of the same name are others. */
export function bindingKey(claim: string, ownerUid: string | undefined): string {
  return ownerUid === undefined ? claim : `${claim}@${ownerUid}`;
}

/** UID of the pod that a claim was made for. */
export function claimOwner(claim: PersistentVolumeClaim): string | undefined {
  return claim.metadata?.ownerReferences?.find(({ kind, controller }) => kind === "Pod" && controller === true)?.uid;
}
