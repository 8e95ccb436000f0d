/** Claims and volumes as the API shows them: with what they are bound to. */
import type { PersistentVolume, PersistentVolumeClaim } from "../../api/types.ts";
import type { ClaimBinding } from "./binding.ts";
import { bindingKey, claimKey, claimOwner } from "./binding.ts";
import type { ClaimWorld } from "./resolve-claim.ts";

/** Every claim with its status, by namespace and name. */
export function claimsWithStatus({ storage, podClaims, bound }: ClaimWorld): readonly PersistentVolumeClaim[] {
  const all = new Map([...podClaims, ...storage.claims]);
  return [...all]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, claim]) => {
      const binding = bound.bindings.get(bindingKey(claimKey(claim), claimOwner(claim)));
      return binding === undefined ? claim : boundClaim(claim, binding, storage.volumes);
    });
}

function boundClaim(
  claim: PersistentVolumeClaim,
  { to }: ClaimBinding,
  volumes: ReadonlyMap<string, PersistentVolume>,
): PersistentVolumeClaim {
  const { spec = {} } = claim;
  if (to.kind === "directory") {
    const capacity = spec.resources?.requests;
    const { accessModes } = spec;
    const volumeName = `directory:${to.path}`;
    const status = { phase: "Bound", ...(accessModes && { accessModes }), ...(capacity && { capacity }) };
    return { ...claim, spec: { ...spec, volumeName }, status };
  }
  const volume = volumes.get(to.name);
  const { accessModes, capacity } = volume?.spec ?? {};
  const status = {
    phase: volume === undefined ? "Lost" : "Bound",
    ...(accessModes && { accessModes }),
    ...(capacity && { capacity }),
  };
  return { ...claim, spec: { ...spec, volumeName: to.name }, status };
}

/** Every volume with its phase and the claim that has it, by name. */
export function volumesWithStatus({ storage, podClaims, bound }: ClaimWorld): readonly PersistentVolume[] {
  const holders = new Map<string, ClaimBinding>();
  for (const binding of bound.bindings.values()) {
    if (binding.to.kind === "volume") holders.set(binding.to.name, binding);
  }
  return [...storage.volumes]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, volume]) => {
      const holder = holders.get(name);
      if (holder === undefined) return { ...volume, status: { ...volume.status, phase: "Available" } };
      const [namespace = "", claimName = ""] = holder.claim.split("/");
      const claim = storage.claims.get(holder.claim) ?? podClaims.get(holder.claim);
      const isThere = claim !== undefined && claimOwner(claim) === holder.ownerUid;
      return {
        ...volume,
        spec: {
          ...volume.spec,
          claimRef: { kind: "PersistentVolumeClaim", apiVersion: "v1", namespace, name: claimName },
        },
        status: { ...volume.status, phase: isThere ? "Bound" : "Released" },
      };
    });
}
