/**
 * Service account tokens of a node without an API server: signed with a key of the node's own. Nobody outside trusts them
 * by itself; whoever shall can verify them with the public key that lies beside.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { HostError } from "../../ports/errors.ts";
import type { TokenRequest, TokenSource } from "../../ports/token-source.ts";
import { isErrno, toHostError } from "../files/errno.ts";

export interface LocalTokenSourceOptions {
  /** Holds the key and the public key (`keys.jwks`); made where missing. */
  readonly directory: string;
  readonly nodeName: string;
  readonly now: () => number;
}

/** ECDSA with P-256 and SHA-256 (RFC 7518). */
const ALGORITHM = "ES256";

/** The key is made when it is first needed and stays for good. */
export function createLocalTokenSource({ directory, nodeName, now }: LocalTokenSourceOptions): TokenSource {
  let key: Promise<SigningKey> | undefined;
  const issuer = `urn:tskubelet:${nodeName}`;
  return {
    async request(request) {
      key ??= openKey(directory).catch((error: unknown) => {
        key = undefined;
        throw toHostError(error, directory, "cannot open the key for service account tokens");
      });
      const { privateKey, keyId } = await key;
      const issuedAtMs = Math.floor(now() / 1000) * 1000;
      const expiresAtMs = issuedAtMs + request.expirationSeconds * 1000;
      const header = { alg: ALGORITHM, kid: keyId, typ: "JWT" };
      const claims = claimsOf(request, { issuer, nodeName, issuedAtMs, expiresAtMs });
      const text = `${encode(header)}.${encode(claims)}`;
      const signature = sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" });
      return { token: `${text}.${signature.toString("base64url")}`, issuedAtMs, expiresAtMs };
    },
  };
}

interface Issue {
  readonly issuer: string;
  readonly nodeName: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/** As an API server words them. Source: pkg/serviceaccount/claims.go Claims. */
function claimsOf(request: TokenRequest, { issuer, nodeName, issuedAtMs, expiresAtMs }: Issue): object {
  const { namespace, serviceAccount, audiences, pod } = request;
  const seconds = Math.floor(issuedAtMs / 1000);
  return {
    aud: audiences.length === 0 ? [issuer] : audiences,
    exp: Math.floor(expiresAtMs / 1000),
    iat: seconds,
    iss: issuer,
    jti: randomUUID(),
    "kubernetes.io": { namespace, node: { name: nodeName }, pod, serviceaccount: { name: serviceAccount } },
    nbf: seconds,
    sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
  };
}

interface SigningKey {
  readonly privateKey: KeyObject;
  readonly keyId: string;
}

async function openKey(directory: string): Promise<SigningKey> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const path = `${directory}/token.key`;
  const privateKey = createPrivateKey((await readKey(path)) ?? (await makeKey(path)));
  if (privateKey.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
    throw new HostError("Invalid", path, `${path} is no P-256 key; remove it to have a new one made`);
  }
  const jwk = createPublicKey(privateKey).export({ format: "jwk" });
  const keyId = `${jwk.x ?? ""}`.slice(0, 16);
  const keys = { keys: [{ ...jwk, alg: ALGORITHM, kid: keyId, use: "sig" }] };
  await writeWhole(`${directory}/keys.jwks`, `${JSON.stringify(keys)}\n`, 0o644);
  return { privateKey, keyId };
}

async function readKey(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Two that make it at once end up with the same one. */
async function makeKey(path: string): Promise<string> {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const text = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  const fresh = `${path}.${randomUUID()}`;
  try {
    await writeFile(fresh, text, { mode: 0o600, flag: "wx", flush: true });
    await link(fresh, path);
    return text;
  } catch (error) {
    const other = isErrno(error, "EEXIST") ? await readKey(path) : undefined;
    if (other === undefined) throw error;
    return other;
  } finally {
    await rm(fresh, { force: true });
  }
}

async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  const fresh = `${path}.${randomUUID()}`;
  await writeFile(fresh, text, { mode });
  await rename(fresh, path);
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
