/**
 * Makes the volumes of a pod and keeps those that follow a ConfigMap or Secret in step with it.
 * What a pod waits for is a value (`problems`), in the words of the kubelet's FailedMount events.
 */
import type { ConfigMap, Pod, Secret, Volume } from "../../core/api/types.ts";
import { bytesOf } from "../../core/quantity/index.ts";
import { configMapPayload, type Payload, secretPayload } from "../../core/volume/payload.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { PayloadVolume, PodFiles } from "../../ports/pod-files.ts";

/** Where a pod's ConfigMaps and Secrets come from; `undefined`: there is none of that name. */
export interface ObjectLookup {
  configMap(namespace: string, name: string): ConfigMap | undefined;
  secret(namespace: string, name: string): Secret | undefined;
}

export interface MountedVolumes {
  /** Volume name -> directory or file on the machine. */
  readonly paths: ReadonlyMap<string, string>;
  readonly problems: readonly VolumeProblem[];
}

export interface VolumeProblem {
  readonly volume: string;
  readonly message: string;
}

export interface PodVolumesPorts {
  readonly files: PodFiles;
  readonly objects: ObjectLookup;
}

export class PodVolumes {
  readonly #ports: PodVolumesPorts;
  /** Paths by pod UID and volume: a volume whose object went away stays as it is for a pod that has it. */
  readonly #mounted = new Map<string, ReadonlyMap<string, string>>();

  constructor(ports: PodVolumesPorts) {
    this.#ports = ports;
  }

  /** Idempotent: what is mounted stays, contents that changed are replaced at once. */
  async mount(pod: Pod): Promise<MountedVolumes> {
    const volumes = pod.spec?.volumes ?? [];
    const mounted = this.#mounted.get(pod.metadata?.uid ?? "");
    const results = await Promise.all(
      volumes.map(async (volume) => {
        try {
          return { volume: volume.name, ...(await this.#mountOne(pod, volume)) };
        } catch (error) {
          return { volume: volume.name, message: errorMessage(error) };
        }
      }),
    );
    const paths = new Map<string, string>();
    const problems: VolumeProblem[] = [];
    for (const result of results) {
      const path = "path" in result ? result.path : mounted?.get(result.volume);
      if (path !== undefined) paths.set(result.volume, path);
      if ("message" in result)
        problems.push({
          volume: result.volume,
          message: `MountVolume.SetUp failed for volume "${result.volume}" : ${result.message}`,
        });
    }
    this.#mounted.set(pod.metadata?.uid ?? "", paths);
    return { paths, problems };
  }

  /** The pod's volumes are gone. */
  forget(uid: string): void {
    this.#mounted.delete(uid);
  }

  async #mountOne(pod: Pod, volume: Volume): Promise<{ readonly path: string } | { readonly message: string }> {
    const { files, objects } = this.#ports;
    const uid = pod.metadata?.uid ?? "";
    const namespace = pod.metadata?.namespace ?? "default";
    if (volume.hostPath !== undefined)
      return { path: await files.hostPath(volume.hostPath.path, volume.hostPath.type ?? "") };
    if (volume.configMap !== undefined) {
      const payload = configMapPayload(volume.configMap, objects.configMap(namespace, volume.configMap.name ?? ""));
      return this.#write(uid, { kind: "kubernetes.io~configmap", name: volume.name, inMemory: false }, payload);
    }
    if (volume.secret !== undefined) {
      const payload = secretPayload(volume.secret, objects.secret(namespace, volume.secret.secretName ?? ""));
      return this.#write(uid, { kind: "kubernetes.io~secret", name: volume.name, inMemory: true }, payload);
    }
    if (volume.emptyDir !== undefined || isBare(volume)) {
      const { medium = "", sizeLimit } = volume.emptyDir ?? {};
      const limit = sizeLimit === undefined ? {} : { sizeLimitBytes: bytesOf(sizeLimit) };
      return { path: await files.emptyDir(uid, volume.name, { medium, ...limit }) };
    }
    return { message: `volumes of type ${typeOf(volume)} are not supported yet` };
  }

  async #write(uid: string, volume: PayloadVolume, payload: Payload): Promise<{ path: string } | { message: string }> {
    if ("error" in payload) return { message: payload.error };
    return { path: await this.#ports.files.writePayload(uid, volume, payload.files) };
  }
}

/** A volume without a source is an emptyDir by default. */
function isBare(volume: Volume): boolean {
  return typeOf(volume) === "none";
}

function typeOf(volume: Volume): string {
  return Object.keys(volume).find((key) => key !== "name") ?? "none";
}
