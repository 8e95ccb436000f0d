import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { type TarEntry, tarArchive } from "./tar-archive.ts";

/** What an image runs by default: the `config` object of the OCI image specification, as far as it is used here. */
export interface ImageConfig {
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly string[];
  readonly workingDir?: string;
  readonly user?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface OciImage {
  /** Full reference, `localhost/tskubelet/pause:1`. */
  readonly name: string;
  /** Digest of the image config: the image ID that CRI shows. */
  readonly configDigest: string;
  readonly manifestDigest: string;
  /** Layer, config and manifest, as a registry serves them. */
  readonly blobs: readonly OciBlob[];
  /** An OCI image layout as a tar archive, ready to be imported. */
  readonly archive: Uint8Array;
}

const EPOCH = "1970-01-01T00:00:00Z";

/** OCI's word for this machine's kind of processor. */
export function ociArchitecture(nodeArch: string = process.arch): string {
  return nodeArch === "x64" ? "amd64" : nodeArch;
}

/** An image of one uncompressed layer; the same input gives the same digests. */
export function buildOciImage(
  name: string,
  layerEntries: readonly TarEntry[],
  config: ImageConfig,
  architecture: string = ociArchitecture(),
): OciImage {
  const layer = blob("application/vnd.oci.image.layer.v1.tar", tarArchive(layerEntries));
  const imageConfig = jsonBlob("application/vnd.oci.image.config.v1+json", {
    created: EPOCH,
    architecture,
    os: "linux",
    config: {
      ...(config.user !== undefined && { User: config.user }),
      Env: config.env ?? ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
      ...(config.entrypoint !== undefined && { Entrypoint: config.entrypoint }),
      ...(config.command !== undefined && { Cmd: config.command }),
      ...(config.workingDir !== undefined && { WorkingDir: config.workingDir }),
      ...(config.labels !== undefined && { Labels: config.labels }),
    },
    rootfs: { type: "layers", diff_ids: [layer.descriptor.digest] },
    history: [{ created: EPOCH, created_by: "tskubelet" }],
  });
  const manifest = jsonBlob("application/vnd.oci.image.manifest.v1+json", {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: imageConfig.descriptor,
    layers: [layer.descriptor],
  });
  const index = {
    schemaVersion: 2,
    manifests: [
      {
        ...manifest.descriptor,
        platform: { architecture, os: "linux" },
        annotations: {
          "io.containerd.image.name": name,
          "org.opencontainers.image.ref.name": name.slice(name.lastIndexOf(":") + 1),
        },
      },
    ],
  };
  const blobs = [layer, imageConfig, manifest];
  const archive = tarArchive([
    file("oci-layout", json({ imageLayoutVersion: "1.0.0" })),
    file("index.json", json(index)),
    ...blobs.map(({ descriptor, content }) =>
      file(`blobs/sha256/${descriptor.digest.slice("sha256:".length)}`, content),
    ),
  ]);
  return {
    name,
    configDigest: imageConfig.descriptor.digest,
    manifestDigest: manifest.descriptor.digest,
    blobs,
    archive,
  };
}

export interface OciBlob {
  readonly descriptor: { readonly mediaType: string; readonly digest: string; readonly size: number };
  readonly content: Uint8Array;
}

function blob(mediaType: string, content: Uint8Array): OciBlob {
  const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
  return { descriptor: { mediaType, digest, size: content.length }, content };
}

function jsonBlob(mediaType: string, value: unknown): OciBlob {
  return blob(mediaType, json(value));
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function file(path: string, content: Uint8Array): TarEntry {
  return { path, kind: "file", mode: 0o644, content };
}
