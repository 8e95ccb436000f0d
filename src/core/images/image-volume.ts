/** Volumes that show the files of an image (`volumes[].image`). The runtime mounts them: CRI Mount.image. */
import type { Container, Pod, Volume } from "../api/types.ts";
import { imageNameWithTag } from "./image-name.ts";

/** An image that a container mounts. */
export interface VolumeImage {
  /** Of the volume. */
  readonly name: string;
  /** As the pod writes it. */
  readonly reference: string;
  readonly policy: string | undefined;
}

/** The images that this container mounts, each volume once. */
export function volumeImages(pod: Pod, container: Pick<Container, "volumeMounts">): readonly VolumeImage[] {
  const mounted = new Set((container.volumeMounts ?? []).map(({ name }) => name));
  return (pod.spec?.volumes ?? []).filter(({ name }) => mounted.has(name)).flatMap(volumeImage);
}

/** Names for the runtime of all images in volumes of these pods, each once; what no image can be called is left out. */
export function volumeImageNames(pods: readonly Pod[]): readonly string[] {
  const all = pods.flatMap(({ spec }) => (spec?.volumes ?? []).flatMap(volumeImage));
  const named = all.map(({ reference }) => imageNameWithTag(reference));
  return [...new Set(named.flatMap((name) => ("image" in name ? [name.image] : [])))];
}

function volumeImage({ name, image }: Volume): readonly VolumeImage[] {
  return image === undefined ? [] : [{ name, reference: image.reference ?? "", policy: image.pullPolicy }];
}

/** The first version of each runtime that mounts images; of others nobody knows, so it is theirs to say. */
const FIRST_VERSIONS: Readonly<Record<string, readonly [major: number, minor: number]>> = {
  containerd: [2, 1],
  "cri-o": [1, 31],
};

/** Why this runtime mounts no images; `undefined`: it does, or may. */
export function imageVolumeProblem(
  runtime: { readonly runtimeName: string; readonly runtimeVersion: string } | undefined,
): string | undefined {
  if (runtime === undefined) return "the runtime has not said yet which one it is";
  const { runtimeName: name, runtimeVersion: version } = runtime;
  const first = Object.hasOwn(FIRST_VERSIONS, name) ? FIRST_VERSIONS[name] : undefined;
  const match = /^v?(\d+)\.(\d+)/.exec(version);
  if (first === undefined || match === null) return undefined;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  if (major > first[0] || (major === first[0] && minor >= first[1])) return undefined;
  return `volumes of type image need ${name} ${first.join(".")} or newer, this node has ${version}`;
}
