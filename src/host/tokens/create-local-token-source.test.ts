import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { HostError } from "../../ports/errors.ts";
import { createLocalTokenSource } from "./create-local-token-source.ts";

let directory: string;
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), "tokens-")), "keys");
});
afterEach(() => rmSync(join(directory, ".."), { recursive: true }));

const source = () => createLocalTokenSource({ directory, nodeName: "node-1", now: () => 1_700_000_000_500 });
const request = {
  namespace: "shop",
  serviceAccount: "cart",
  audiences: ["vault"],
  expirationSeconds: 600,
  pod: { name: "cart-1", uid: "u" },
};

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<string, unknown>;
}

test("a token tells whose it is, for whom and for how long, and the public key beside verifies it", async () => {
  const { token, issuedAtMs, expiresAtMs } = await source().request(request);
  assert.deepEqual([issuedAtMs, expiresAtMs], [1_700_000_000_000, 1_700_000_600_000]);
  const { jti, ...claims } = claimsOf(token);
  assert.match(String(jti), /^[0-9a-f-]{36}$/);
  assert.deepEqual(claims, {
    aud: ["vault"],
    exp: 1_700_000_600,
    iat: 1_700_000_000,
    iss: "urn:tskubelet:node-1",
    "kubernetes.io": {
      namespace: "shop",
      node: { name: "node-1" },
      pod: { name: "cart-1", uid: "u" },
      serviceaccount: { name: "cart" },
    },
    nbf: 1_700_000_000,
    sub: "system:serviceaccount:shop:cart",
  });
  const { keys } = JSON.parse(readFileSync(join(directory, "keys.jwks"), "utf8"));
  const key = createPublicKey({ key: keys[0], format: "jwk" });
  const [header, body, signature] = token.split(".");
  const signed = Buffer.from(`${header}.${body}`);
  const bytes = Buffer.from(signature ?? "", "base64url");
  assert.equal(verify("sha256", signed, { key, dsaEncoding: "ieee-p1363" }, bytes), true);
  signed[5] = (signed[5] ?? 0) ^ 1;
  assert.equal(verify("sha256", signed, { key, dsaEncoding: "ieee-p1363" }, bytes), false);
});

test("the key is made once, for the owner alone, and an agent after this one goes on with it", async () => {
  await Promise.all([source().request(request), source().request(request)]);
  const before = readFileSync(join(directory, "keys.jwks"), "utf8");
  assert.equal(statSync(join(directory, "token.key")).mode & 0o777, 0o600);
  await source().request(request);
  assert.equal(readFileSync(join(directory, "keys.jwks"), "utf8"), before);
});

test("without an audience the token is for its issuer; a file that is no key is told", async () => {
  const { token } = await source().request({ ...request, audiences: [] });
  assert.deepEqual(claimsOf(token)["aud"], ["urn:tskubelet:node-1"]);
  writeFileSync(join(directory, "token.key"), "no key");
  await assert.rejects(
    source().request(request),
    (error) => error instanceof HostError && /service account/.test(error.message),
  );
});
