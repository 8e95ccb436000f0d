/** Users of a pod's own: which range of the machine's ids they are. Source: kubelet userns/userns_manager.go (1.33). */
import type { UserNamespace } from "../cri/types.ts";

/** Ids that a pod gets where the configuration does not say. */
export const DEFAULT_IDS_PER_POD = 65_536;
const ALL_IDS = 2 ** 32;

/**
 * The first id of the lowest range that nobody has; ranges begin at multiples of `idsPerPod`, and the first of them is the
 * machine's own users'. `undefined`: all are taken.
 */
export function freeIdRange(taken: Iterable<number>, idsPerPod: number): number | undefined {
  const used = new Set(taken);
  for (let first = idsPerPod; first + idsPerPod <= ALL_IDS; first += idsPerPod) if (!used.has(first)) return first;
  return undefined;
}

/** Users and groups from 0 on in the pod are those from `hostId` on of the machine. */
export function userNamespaceOf(hostId: number, length: number): UserNamespace {
  const mappings = [{ hostId, containerId: 0, length }];
  return { mode: "POD", uids: mappings, gids: mappings };
}

/** Why a pod cannot have users of its own on this runtime. */
export function noUserNamespacesText(handler: string): string {
  const what = handler === "" ? "runtime does" : `RuntimeClass handler "${handler}" does`;
  return `can't set \`spec.hostUsers: false\`, ${what} not support user namespaces`;
}
