/** The simulated node has no tools for storage of other machines. */
import { HostError } from "../../ports/errors.ts";
import type { NetworkStorage } from "../../ports/network-storage.ts";

export function simNetworkStorage(): NetworkStorage {
  const missing = () => Promise.reject(new HostError("NotFound", "/sbin", "the program is missing"));
  return {
    mountNfs: missing,
    unmountNfs: async () => {},
    loginIscsi: missing,
    logoutIscsi: async () => {},
    mountDisk: missing,
    unmountDisk: async () => {},
  };
}
