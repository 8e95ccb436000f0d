import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ConfigMap, Secret } from "../api/types.ts";
import { encodeBase64Text } from "./base64-text.ts";
import { validateConfigMap, validateSecret } from "./validate-config.ts";

const META = { name: "a", namespace: "default" };

function configMap(rest: ConfigMap): string[] {
  return validateConfigMap({ metadata: META, ...rest }).map((error) => error.text);
}

function secret(type: string, data: Readonly<Record<string, string>> = {}): string[] {
  const object: Secret = { metadata: META, type, data };
  return validateSecret(object).map((error) => error.text);
}

describe("validateConfigMap", () => {
  it("accepts keys that can be file names, and says which cannot", () => {
    assert.deepEqual(configMap({ data: { "a.b-c_d": "" } }), []);
    assert.match(
      configMap({ data: { "a/b": "" } })[0] ?? "",
      /^data\[a\/b\]: Invalid value: "a\/b": a valid config key/,
    );
    assert.deepEqual(configMap({ binaryData: { "..": "" } }), [
      "binaryData[..]: Invalid value: \"..\": must not be '..'",
    ]);
  });

  it("refuses a key in both kinds of data, and more than a mebibyte", () => {
    const both = configMap({ data: { a: "" }, binaryData: { a: "" } });
    assert.deepEqual(both, ['data[a]: Invalid value: "a": duplicate of key present in binaryData']);
    assert.match(configMap({ data: { a: "x".repeat(1024 * 1024) } }).join(), /^$/);
    assert.match(configMap({ data: { a: "ä".repeat(1024 * 512 + 1) } }).join(), /must have at most 1048576 bytes/);
  });

  it("needs a name", () => {
    assert.deepEqual(
      validateConfigMap({ metadata: { namespace: "default" } }).map((error) => error.text),
      ["metadata.name: Required value: name or generateName is required"],
    );
  });
});

describe("validateSecret", () => {
  it("wants what its type promises", () => {
    assert.deepEqual(secret("Opaque"), []);
    assert.deepEqual(secret("kubernetes.io/tls", { "tls.crt": "YQ==" }), ["data[tls.key]: Required value"]);
    assert.deepEqual(secret("kubernetes.io/basic-auth", { password: "" }), []);
    assert.equal(secret("kubernetes.io/basic-auth").length, 2);
    assert.deepEqual(secret("kubernetes.io/service-account-token"), [
      "metadata.annotations[kubernetes.io/service-account.name]: Required value",
    ]);
  });

  it("does not show the contents of a broken registry login", () => {
    const good = encodeBase64Text('{"auths": {}}');
    assert.deepEqual(secret("kubernetes.io/dockerconfigjson", { ".dockerconfigjson": good }), []);
    const [error = ""] = secret("kubernetes.io/dockerconfigjson", {
      ".dockerconfigjson": encodeBase64Text("pa55word"),
    });
    assert.match(error, /^data\[\.dockerconfigjson\]: Invalid value: "<secret contents redacted>": invalid character/);
    assert.equal(error.includes("pa55word"), false);
  });
});
