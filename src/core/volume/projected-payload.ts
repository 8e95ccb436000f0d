/** The files of projected volumes. Source: kubelet pkg/volume/projected collectData. */
import type { ConfigMap, Pod, Secret, Volume } from "../api/types.ts";
import { type DownwardContext, downwardPayload, joinErrors } from "./downward-payload.ts";
import { fileUserOf } from "./file-user.ts";
import { cleanPath, configMapPayload, type Payload, type PayloadFile, secretPayload } from "./payload.ts";

type Projected = NonNullable<Volume["projected"]>;
type Projection = NonNullable<Projected["sources"]>[number];
export type TokenProjection = NonNullable<Projection["serviceAccountToken"]>;

export interface ProjectedContext extends DownwardContext {
  readonly configMap: (name: string) => ConfigMap | undefined;
  readonly secret: (name: string) => Secret | undefined;
  /** The token of each `serviceAccountToken` source, or why there is none. */
  readonly tokens: ReadonlyMap<TokenProjection, { readonly token: string } | { readonly error: string }>;
}

const DEFAULT_MODE = 0o644;
/** Of a token that belongs to the pod's user or group. */
const OWN_TOKEN_MODE = 0o600;

/** The sources of service account tokens. */
export function tokenProjections(volume: Projected): readonly TokenProjection[] {
  return (volume.sources ?? []).flatMap(({ serviceAccountToken }) => serviceAccountToken ?? []);
}

/** Of two sources with the same path the later one wins. All problems of the sources are told at once. */
export function projectedPayload(volume: Projected, context: ProjectedContext): Payload {
  const files = new Map<string, PayloadFile>();
  const errors: string[] = [];
  for (const source of volume.sources ?? []) {
    const payload = sourcePayload(source, volume.defaultMode ?? DEFAULT_MODE, context);
    if ("error" in payload) errors.push(payload.error);
    else for (const file of payload.files) files.set(file.path, file);
  }
  return errors.length === 0 ? { files: [...files.values()] } : { error: joinErrors(errors) };
}

function sourcePayload(source: Projection, defaultMode: number, context: ProjectedContext): Payload {
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source;
  if (secret !== undefined) {
    const { name = "", ...selection } = secret;
    return secretPayload({ ...selection, secretName: name, defaultMode }, context.secret(name));
  }
  if (configMap !== undefined) {
    return configMapPayload({ ...configMap, defaultMode }, context.configMap(configMap.name ?? ""));
  }
  if (downwardAPI !== undefined) return downwardPayload(downwardAPI.items ?? [], context, defaultMode);
  if (serviceAccountToken !== undefined) return tokenPayload(serviceAccountToken, defaultMode, context);
  if (podCertificate !== undefined) return { error: "PodCertificate projection needs an API server" };
  if (clusterTrustBundle === undefined) return { files: [] };
  // Differs: an optional one is passed over; the kubelet without an API server refuses it, too.
  if (clusterTrustBundle.optional === true) return { files: [{ ...EMPTY, path: cleanPath(clusterTrustBundle.path) }] };
  return { error: "ClusterTrustBundle projection is not supported in static kubelet mode" };
}

const EMPTY = { mode: DEFAULT_MODE, content: new Uint8Array() } as const;

function tokenPayload(source: TokenProjection, defaultMode: number, { pod, tokens }: ProjectedContext): Payload {
  const token = tokens.get(source) ?? { error: "there is no source of tokens" };
  if ("error" in token) return { error: `failed to fetch token: ${token.error}` };
  const ownerId = fileUserOf(pod);
  const isOwn = ownerId !== undefined || pod.spec?.securityContext?.fsGroup !== undefined;
  const mode = isOwn ? OWN_TOKEN_MODE : defaultMode;
  const content = new TextEncoder().encode(token.token);
  return { files: [{ path: cleanPath(source.path), mode, content, ...(ownerId !== undefined && { ownerId }) }] };
}

/** Names of the pod's objects that the volume shows. */
export function projectedObjects(volume: Projected): {
  readonly configMaps: readonly string[];
  readonly secrets: readonly string[];
} {
  const sources = volume.sources ?? [];
  return {
    configMaps: sources.flatMap(({ configMap }) => configMap?.name ?? []),
    secrets: sources.flatMap(({ secret }) => secret?.name ?? []),
  };
}

/** The service account of a pod. */
export function serviceAccountOf(pod: Pod): string {
  const { serviceAccountName = "", serviceAccount = "" } = pod.spec ?? {};
  return serviceAccountName || serviceAccount || "default";
}
