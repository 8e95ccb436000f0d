import assert from "node:assert/strict";
import { test } from "node:test";
import type { Volume } from "../api/types.ts";
import { projectedPayload } from "./projected-payload.ts";

type Sources = NonNullable<NonNullable<Volume["projected"]>["sources"]>;

function payloadOf(sources: Sources, defaultMode?: number) {
  const payload = projectedPayload(
    { sources, ...(defaultMode !== undefined && { defaultMode }) },
    {
      pod: { metadata: { name: "web", labels: { a: "1" } }, spec: { containers: [{ name: "main" }] } },
      allocatable: { cpu: "2" },
      configMap: (name) => (name === "page" ? { data: { a: "1", b: "2" } } : undefined),
      secret: (name) => (name === "key" ? { data: { a: "Mw==" } } : undefined),
      tokens: new Map(),
    },
  );
  if ("error" in payload) return payload.error;
  return payload.files.map(
    ({ path, mode, content }) => `${path} ${mode.toString(8)} ${new TextDecoder().decode(content)}`,
  );
}

test("of two sources with one path the later wins; modes are the item's, then the volume's", () => {
  const secret = { name: "key", items: [{ key: "a", path: "./a", mode: 0o400 }] };
  assert.deepEqual(payloadOf([{ configMap: { name: "page" } }, { secret }], 0o640), ["a 400 3", "b 640 2"]);
});

test("fields and resources that are not there are told with everything else that is wrong", () => {
  const items = [
    { path: "x", fieldRef: { fieldPath: "status.podIP" } },
    { path: "y", resourceFieldRef: { containerName: "none", resource: "limits.cpu" } },
  ];
  assert.equal(
    payloadOf([{ downwardAPI: { items } }, { secret: { name: "none" } }]),
    '[[unsupported fieldPath: status.podIP, container none not found], secret "none" not found]',
  );
});

test("what needs an API server says so, unless it is optional", () => {
  const bundle = { name: "roots", path: "ca.pem" };
  assert.match(String(payloadOf([{ clusterTrustBundle: bundle }])), /^ClusterTrustBundle projection is not supported/);
  assert.deepEqual(payloadOf([{ clusterTrustBundle: { ...bundle, optional: true } }]), ["ca.pem 644 "]);
  const podCertificate = { signerName: "s", keyType: "ED25519" };
  assert.equal(payloadOf([{ podCertificate }]), "PodCertificate projection needs an API server");
  assert.equal(
    payloadOf([{ serviceAccountToken: { path: "token" } }]),
    "failed to fetch token: there is no source of tokens",
  );
});
