import type { Volume } from "../api/types.ts";
import { defaultPullPolicy } from "./default-pull-policy.ts";
import { defaultFieldRef } from "./defaults-field-ref.ts";
import { defaultResources } from "./defaults-resources.ts";

/** 0644, what files of configMap, secret, downwardAPI and projected volumes get. */
const DEFAULT_MODE = 0o644;
const DEFAULT_TOKEN_SECONDS = 3600;

/** A volume with its defaults; one without any source is an emptyDir. Source: SetDefaults_Volume and those per source. */
export function defaultVolume(volume: Volume): Volume {
  const { name, ...sources } = volume;
  if (Object.values(sources).every((source) => source === undefined)) return { name, emptyDir: {} };
  const { hostPath, secret, iscsi, rbd, downwardAPI, configMap, azureDisk, projected, scaleIO, ephemeral, image } =
    volume;
  return {
    ...volume,
    ...(hostPath && { hostPath: { ...hostPath, type: hostPath.type ?? "" } }),
    ...(secret && { secret: withMode(secret) }),
    ...(iscsi && { iscsi: { ...iscsi, iscsiInterface: iscsi.iscsiInterface || "default" } }),
    ...(rbd && { rbd: defaultRbd(rbd) }),
    ...(downwardAPI && { downwardAPI: { ...withMode(downwardAPI), ...defaultFiles(downwardAPI.items) } }),
    ...(configMap && { configMap: withMode(configMap) }),
    ...(azureDisk && { azureDisk: defaultAzureDisk(azureDisk) }),
    ...(projected && { projected: defaultProjected(projected) }),
    ...(scaleIO && { scaleIO: defaultScaleIo(scaleIO) }),
    ...(ephemeral && { ephemeral: defaultEphemeral(ephemeral) }),
    ...(image && { image: { ...image, pullPolicy: image.pullPolicy || defaultPullPolicy(image.reference ?? "") } }),
  };
}

type Source<K extends keyof Volume> = NonNullable<Volume[K]>;

function withMode<T extends { readonly defaultMode?: number }>(source: T): T {
  return { ...source, defaultMode: source.defaultMode ?? DEFAULT_MODE };
}

type Files = NonNullable<Source<"downwardAPI">["items"]>;

function defaultFiles(items: Files | undefined): { readonly items?: Files } {
  if (items === undefined) return {};
  return {
    items: items.map((file) => (file.fieldRef ? { ...file, fieldRef: defaultFieldRef(file.fieldRef) } : file)),
  };
}

function defaultRbd(rbd: Source<"rbd">): Source<"rbd"> {
  return {
    ...rbd,
    pool: rbd.pool || "rbd",
    user: rbd.user || "admin",
    keyring: rbd.keyring || "/etc/ceph/keyring",
  };
}

function defaultAzureDisk(disk: Source<"azureDisk">): Source<"azureDisk"> {
  return {
    ...disk,
    cachingMode: disk.cachingMode ?? "ReadWrite",
    kind: disk.kind ?? "Shared",
    fsType: disk.fsType ?? "ext4",
    readOnly: disk.readOnly ?? false,
  };
}

function defaultProjected(projected: Source<"projected">): Source<"projected"> {
  const sources = projected.sources?.map((source) => {
    const { downwardAPI, serviceAccountToken: token } = source;
    return {
      ...source,
      ...(downwardAPI && { downwardAPI: { ...downwardAPI, ...defaultFiles(downwardAPI.items) } }),
      ...(token && {
        serviceAccountToken: { ...token, expirationSeconds: token.expirationSeconds ?? DEFAULT_TOKEN_SECONDS },
      }),
    };
  });
  return { ...withMode(projected), ...(sources && { sources }) };
}

function defaultScaleIo(volume: Source<"scaleIO">): Source<"scaleIO"> {
  return { ...volume, storageMode: volume.storageMode || "ThinProvisioned", fsType: volume.fsType || "xfs" };
}

function defaultEphemeral(ephemeral: Source<"ephemeral">): Source<"ephemeral"> {
  const template = ephemeral.volumeClaimTemplate;
  if (template === undefined) return ephemeral;
  const { spec } = template;
  const resources = spec.resources && { resources: defaultResources(spec.resources, false) };
  return {
    ...ephemeral,
    volumeClaimTemplate: { ...template, spec: { ...spec, ...resources, volumeMode: spec.volumeMode ?? "Filesystem" } },
  };
}
