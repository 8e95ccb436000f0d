import type { NetworkStorage } from "../../../ports/network-storage.ts";
import type { PodVolume, VolumePlugin } from "../volume-plugin.ts";

const KIND = "kubernetes.io~nfs";

interface NfsVolume {
  readonly source: string;
  readonly name: string;
  readonly readOnly: boolean;
  readonly options: readonly string[];
}

/** Directories of NFS servers. Source: kubelet volume/nfs nfs.go. */
export function nfsPlugin(network: NetworkStorage, options: { readonly rootDir: string }): VolumePlugin {
  const pathOf = (uid: string, name: string) => `${options.rootDir}/pods/${uid}/volumes/${KIND}/${name}`;
  return {
    name: "kubernetes.io/nfs",
    supports: ({ nfs }) => nfs !== undefined,
    supportsClaimed: (claimed) => claimed.kind === "volume" && claimed.volume.spec?.nfs !== undefined,
    place: (volume) => ({ kind: KIND, name: nfsVolumeOf(volume)?.name ?? volume.volume.name }),
    mount: async (volume) => {
      const nfs = nfsVolumeOf(volume);
      if (nfs === undefined) return { error: "not an NFS volume" };
      const path = pathOf(volume.uid, nfs.name);
      await network.mountNfs(nfs.source, path, [...nfs.options, ...(nfs.readOnly ? ["ro"] : [])]);
      return { mounted: { path, ...(nfs.readOnly && { readOnly: true }) } };
    },
    unmount: async (uid, place) => {
      if (place !== undefined) await network.unmountNfs(pathOf(uid, place.name));
    },
    measure: async () => ({ kind: "filesystem" }),
  };
}

function nfsVolumeOf({ volume, claimed }: PodVolume): NfsVolume | undefined {
  const persistent = claimed !== undefined && "volume" in claimed ? claimed : undefined;
  const source = persistent?.volume.spec?.nfs ?? volume.nfs;
  if (source === undefined) return undefined;
  return {
    // An IPv6 address is told from the path by its brackets.
    source: `${source.server.includes(":") && !source.server.startsWith("[") ? `[${source.server}]` : source.server}:${source.path}`,
    name: persistent?.volume.metadata?.name ?? volume.name,
    readOnly: persistent?.readOnly === true || source.readOnly === true,
    options: persistent?.volume.spec?.mountOptions ?? [],
  };
}
