import assert from "node:assert/strict";
import { test } from "node:test";
import { cacheKeys, credentialRequest, parseCredentialResponse, providesFor } from "./credential-provider.ts";
import { type CredentialProvider, credentialProviders, repeatedProviders } from "./credential-provider-config.ts";

const API = "credentialprovider.kubelet.k8s.io/v1";
const HEAD = { apiVersion: "kubelet.config.k8s.io/v1", kind: "CredentialProviderConfig" };
const WRITTEN = { name: "ecr", matchImages: ["*.amazonaws.com"], defaultCacheDuration: "12h", apiVersion: API };
const PROVIDER: CredentialProvider = {
  name: "ecr",
  matchImages: ["*.dkr.ecr.*.amazonaws.com", "quay.io/team"],
  defaultCacheMs: 60_000,
  apiVersion: API,
  args: [],
  env: {},
};
const REPOSITORY = "quay.io/team/app";

function objections(...providers: readonly unknown[]): readonly string[] {
  const result = credentialProviders({ ...HEAD, providers });
  return "objections" in result ? result.objections.map(({ message }) => message) : [];
}

function answer(fields: Readonly<Record<string, unknown>>) {
  const response = { kind: "CredentialProviderResponse", apiVersion: API, cacheKeyType: "Registry", ...fields };
  return parseCredentialResponse(PROVIDER, REPOSITORY, JSON.stringify(response));
}

test("a configuration says which program to ask for which images", () => {
  const provider = { ...WRITTEN, args: ["get"], env: [{ name: "PROFILE", value: "x" }] };
  assert.deepEqual(credentialProviders({ ...HEAD, providers: [provider] }), {
    providers: [
      {
        name: "ecr",
        matchImages: ["*.amazonaws.com"],
        defaultCacheMs: 43_200_000,
        apiVersion: API,
        args: ["get"],
        env: { PROFILE: "x" },
      },
    ],
  });
});

test("what is wrong with a configuration is told with its place", () => {
  assert.deepEqual(objections(), ["providers: Required value: at least 1 item in plugins is required"]);
  assert.deepEqual(objections(WRITTEN, { ...WRITTEN, name: "a/b c", matchImages: [], apiVersion: "v1" }), [
    `providers[1].name: Invalid value: "a/b c": provider name cannot contain '/'`,
    `providers[1].name: Invalid value: "a/b c": provider name cannot contain spaces`,
    `providers[1].apiVersion: Unsupported value: "v1": supported values: "credentialprovider.kubelet.k8s.io/v1", "credentialprovider.kubelet.k8s.io/v1alpha1", "credentialprovider.kubelet.k8s.io/v1beta1"`,
    "providers[1].matchImages: Required value: at least 1 item in matchImages is required",
  ]);
  assert.deepEqual(objections({ name: "..", apiVersion: API, matchImages: ["a b"], defaultCacheDuration: "-1s" }), [
    `providers[0].name: Invalid value: "..": provider name cannot be '..'`,
    `providers[0].matchImages[0]: Invalid value: "a b": match image is invalid: it is no host with an optional port and path`,
    `providers[0].defaultCacheDuration: Invalid value: "-1s": defaultCacheDuration must be greater than or equal to 0`,
  ]);
  assert.deepEqual(objections({ apiVersion: API, matchImages: ["a"] }), [
    "providers[0].name: Required value",
    "providers[0].defaultCacheDuration: Required value",
  ]);
  assert.match(
    objections({ ...WRITTEN, matchImage: [] })[0] ?? "",
    /^unknown field "providers\[0\]\.matchImage".*matchImages/,
  );
  assert.match(
    objections({ ...WRITTEN, tokenAttributes: {} })[0] ?? "",
    /^providers\[0\]\.tokenAttributes: Forbidden: /,
  );
});

test("another kind or version of configuration is refused", () => {
  const message = (document: unknown) => {
    const result = credentialProviders(document);
    return "objections" in result ? result.objections[0]?.message : undefined;
  };
  assert.equal(message([]), "expected a CredentialProviderConfig");
  assert.equal(message({ ...HEAD, kind: "Pod" }), 'expected kind CredentialProviderConfig, got "Pod"');
  assert.match(
    message({ ...HEAD, apiVersion: "kubelet.config.k8s.io/v2" }) ?? "",
    /expected kubelet\.config\.k8s\.io\/v1/,
  );
});

test("names that occur twice are found over all files", () => {
  assert.deepEqual(repeatedProviders([PROVIDER, { ...PROVIDER, name: "gcr" }, PROVIDER]), ["ecr"]);
});

test("a plugin is asked for images that match, in its own version", () => {
  assert.ok(providesFor(PROVIDER, "1.dkr.ecr.eu.amazonaws.com/app") && providesFor(PROVIDER, REPOSITORY));
  assert.ok(!providesFor(PROVIDER, "quay.io/other"));
  assert.deepEqual(JSON.parse(credentialRequest(PROVIDER, REPOSITORY)), {
    kind: "CredentialProviderRequest",
    apiVersion: API,
    image: REPOSITORY,
  });
});

test("an answer says for what and how long it counts", () => {
  const auth = { "quay.io": { username: "u", password: "p" } };
  const entries = [{ location: "quay.io", username: "u", password: "p" }];
  const [image, registry, global] = cacheKeys(REPOSITORY);
  assert.deepEqual(answer({ auth, cacheDuration: "5m" }), { entries, cacheKey: registry, cacheMs: 300_000 });
  assert.deepEqual(answer({ auth, cacheKeyType: "Image" }), { entries, cacheKey: image, cacheMs: 60_000 });
  assert.deepEqual(answer({ cacheKeyType: "Global", cacheDuration: "0s" }), {
    entries: [],
    cacheKey: global,
    cacheMs: 0,
  });
});

test("an answer that is none is an error without a word of what it says", () => {
  const error = (parsed: ReturnType<typeof answer>) => ("error" in parsed ? parsed.error : "accepted");
  assert.equal(
    error(parseCredentialResponse(PROVIDER, REPOSITORY, '{"password":"hush"')),
    "its answer is not valid JSON",
  );
  assert.equal(error(parseCredentialResponse(PROVIDER, REPOSITORY, "[]")), "its answer is not a JSON object");
  assert.match(error(answer({ kind: "Pod" })), /not of kind CredentialProviderResponse/);
  assert.match(error(answer({ apiVersion: "x/v1" })), /has apiVersion x\/v1, expected credentialprovider/);
  assert.match(error(answer({ cacheKeyType: "image" })), /no valid cacheKeyType/);
  assert.match(error(answer({ cacheDuration: 5 })), /cacheDuration that is no duration/);
  assert.match(error(answer({ auth: { q: { password: 1 } } })), /auth that holds no usernames/);
});
