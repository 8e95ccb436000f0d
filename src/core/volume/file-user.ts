import type { Pod } from "../api/types.ts";

/**
 * The user that all containers of a pod run as; `undefined`: not all of them name one, or not the same.
 * Source: kubelet volume/util FsUserFrom.
 */
export function fileUserOf(pod: Pod): number | undefined {
  const { containers = [], initContainers = [], securityContext } = pod.spec ?? {};
  const users = new Set(
    [...initContainers, ...containers].map((each) => each.securityContext?.runAsUser ?? securityContext?.runAsUser),
  );
  const [user] = users;
  return users.size === 1 ? user : undefined;
}
