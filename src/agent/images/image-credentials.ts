/**
 * Finds the credentials for a pull: those of the pod's imagePullSecrets, then those of the node's own files. Source of the order: kubelet images/image_manager.go, credentialprovider.
 */
import type { Pod } from "../../core/api/types.ts";
import { parseDockerConfig } from "../../core/images/docker-config.ts";
import type { ImageEvent } from "../../core/images/ensure-image.ts";
import { imageRepository } from "../../core/images/image-name.ts";
import { type Credential, credentialsFor, keyringOf } from "../../core/images/keyring.ts";
import { pullSecrets } from "../../core/images/pull-secrets.ts";
import type { Log } from "../../ports/log.ts";
import type { DockerConfigFiles } from "../../ports/registry-credentials.ts";
import type { ObjectLookup } from "../volumes/object-lookup.ts";
import type { CredentialPlugins } from "./credential-plugins.ts";

export interface ImageCredentialsPorts {
  readonly log: Log;
  readonly objects: ObjectLookup;
  readonly nodeConfig: DockerConfigFiles;
  readonly plugins: Pick<CredentialPlugins, "find">;
}

/** In the order in which to try them; none: the pull goes without. */
export interface FoundCredentials {
  readonly credentials: readonly Credential[];
  readonly events: readonly ImageEvent[];
  /** The pull cannot be tried. */
  readonly error?: string;
}

export class ImageCredentials {
  readonly #ports: ImageCredentialsPorts;

  constructor(ports: ImageCredentialsPorts) {
    this.#ports = ports;
  }

  /** For `image` as the pod writes it. Rejects only when `signal` is aborted. */
  async find(pod: Pod, image: string, signal: AbortSignal): Promise<FoundCredentials> {
    const namespace = pod.metadata?.namespace ?? "default";
    const { configs, events, error } = pullSecrets(pod, (name) => this.#ports.objects.secret(namespace, name));
    if (error !== undefined) return { credentials: [], events, error };
    const repository = imageRepository(image) ?? image;
    const ofPod = credentialsFor(keyringOf(configs), repository);
    const ofNode = credentialsFor(keyringOf([await this.#nodeConfig()]), repository);
    const provided = await this.#ports.plugins.find(repository, signal);
    const ofPlugins = credentialsFor(keyringOf([{ entries: provided }]), repository);
    signal.throwIfAborted();
    return { credentials: [...ofPod, ...ofNode, ...ofPlugins], events };
  }

  /** The first file that can be read counts, as for the kubelet; one that cannot is told in the log. */
  async #nodeConfig() {
    for (const { path, form, text } of await this.#ports.nodeConfig.read()) {
      const config = parseDockerConfig(text, form);
      if (!("error" in config)) return config;
      this.#ports.log.warn("registry credentials not used", { path, problem: config.error });
    }
    return { entries: [] };
  }
}
