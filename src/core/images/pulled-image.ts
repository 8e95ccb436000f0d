/**
 * Who may use an image that is here already: whoever could have pulled it. The record says with which credentials it was
 * pulled. Source: kubelet images/pullmanager (KubeletEnsureSecretPulledImages).
 */
import { sha256 } from "../api/sha256.ts";
import { isAllowlisted } from "./allowlist.ts";
import { imageRepository } from "./image-name.ts";
import type { Credential, SecretSource } from "./keyring.ts";

/** imagePullCredentialsVerificationPolicy. */
export type VerificationPolicy =
  | "NeverVerify"
  | "NeverVerifyPreloadedImages"
  | "NeverVerifyAllowlistedImages"
  | "AlwaysVerify";

export interface VerificationRules {
  readonly policy: VerificationPolicy;
  /** Counts for NeverVerifyAllowlistedImages. */
  readonly allowlist: readonly string[];
}

/** A Secret with which an image was pulled, and the fingerprint of what it said. */
export interface PullingSecret extends SecretSource {
  readonly hash: string;
}

export interface PullingCredentials {
  /** Pulled without any, or with those of the node: every pod of this node may use it. */
  readonly nodePods: boolean;
  readonly secrets: readonly PullingSecret[];
}

/** That an image was pulled by this node; without credentials of a name nobody knows how. */
export interface PulledImage {
  /** The runtime's id of the image. */
  readonly imageRef: string;
  /** By the image's whole name without tag and digest. */
  readonly byRepository: Readonly<Record<string, PullingCredentials>>;
}

/** As many Secrets are remembered of one image and name. */
const MAX_SECRETS = 100;

/** Must a pod show credentials for an image that is here? `isPulled`: by this node, else it was put here. */
export function mustVerify({ policy, allowlist }: VerificationRules, image: string, isPulled: boolean): boolean {
  switch (policy) {
    case "NeverVerify":
      return false;
    case "NeverVerifyPreloadedImages":
      return isPulled;
    case "NeverVerifyAllowlistedImages":
      return !isAllowlisted(allowlist, imageRepository(image) ?? image);
    case "AlwaysVerify":
      return true;
  }
}

/** Has the image been pulled under this name in a way that is open to every pod? Then no credentials are looked for. */
export function isOpenToAll(record: PulledImage | undefined, image: string): boolean {
  return record?.byRepository[imageRepository(image) ?? image]?.nodePods === true;
}

/**
 * The Secret that lets a pod with these credentials use the image: one of the same content or the same Secret as one that
 * it was pulled with. `undefined`: none does.
 */
export function grantingSecret(
  record: PulledImage | undefined,
  image: string,
  credentials: readonly Credential[],
): PullingSecret | undefined {
  const known = record?.byRepository[imageRepository(image) ?? image]?.secrets ?? [];
  return credentials
    .flatMap(pullingSecret)
    .find((own) => known.some((one) => one.hash === own.hash || isSame(one, own)));
}

/** The record after a pull with `used`, or without credentials where that is absent. */
export function recordPull(
  record: PulledImage | undefined,
  imageRef: string,
  image: string,
  used: Credential | undefined,
): PulledImage {
  const repository = imageRepository(image) ?? image;
  const [secret] = used === undefined ? [] : pullingSecret(used);
  return withCredentials(record, imageRef, repository, secret ?? "nodePods");
}

/** The record with one more Secret that may use the image, or with new content of one that may. */
export function recordGrant(record: PulledImage, image: string, secret: PullingSecret): PulledImage {
  return withCredentials(record, record.imageRef, imageRepository(image) ?? image, secret);
}

function withCredentials(
  record: PulledImage | undefined,
  imageRef: string,
  repository: string,
  added: PullingSecret | "nodePods",
): PulledImage {
  const before = record?.byRepository[repository] ?? { nodePods: false, secrets: [] };
  // What every pod may use needs no list of Secrets.
  const after =
    added === "nodePods" || before.nodePods
      ? { nodePods: true, secrets: [] }
      : {
          nodePods: false,
          secrets: [...before.secrets.filter((one) => !isSame(one, added)), added].slice(-MAX_SECRETS),
        };
  return { imageRef, byRepository: { ...record?.byRepository, [repository]: after } };
}

function pullingSecret({ username, password, secret }: Credential): readonly PullingSecret[] {
  if (secret === undefined) return [];
  return [{ ...secret, hash: sha256(JSON.stringify({ username, password })) }];
}

function isSame(a: SecretSource, b: SecretSource): boolean {
  return a.uid === b.uid && a.namespace === b.namespace && a.name === b.name;
}
