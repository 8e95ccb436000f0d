import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod, Secret } from "../api/types.ts";
import { encodeBase64Text } from "../manifest/base64-text.ts";
import { pullSecrets } from "./pull-secrets.ts";

function podWith(...names: readonly (string | undefined)[]): Pod {
  return { spec: { containers: [], imagePullSecrets: names.map((name) => (name === undefined ? {} : { name })) } };
}

function secret(name: string, type: string, data: Readonly<Record<string, string>>): Secret {
  const encoded = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, encodeBase64Text(text)]));
  return { metadata: { name, namespace: "team", uid: `uid-${name}` }, type, data: encoded };
}

const config = (user: string) => JSON.stringify({ "quay.io": { username: user, password: "p" } });
const SECRETS: Readonly<Record<string, Secret>> = {
  new: secret("new", "kubernetes.io/dockerconfigjson", { ".dockerconfigjson": `{"auths":${config("n")}}` }),
  old: secret("old", "kubernetes.io/dockercfg", { ".dockercfg": config("o") }),
  opaque: secret("opaque", "Opaque", { ".dockerconfigjson": `{"auths":${config("x")}}` }),
  empty: secret("empty", "kubernetes.io/dockerconfigjson", {}),
  broken: secret("broken", "kubernetes.io/dockerconfigjson", { ".dockerconfigjson": "{" }),
};
const lookup = (name: string) => SECRETS[name];

test("both types of Secret give credentials, in the pod's order, with where they are from", () => {
  const { configs, events, error } = pullSecrets(podWith("old", "new"), lookup);
  assert.deepEqual(
    configs.map(({ entries, secret: source }) => [entries[0]?.username, source]),
    [
      ["o", { uid: "uid-old", namespace: "team", name: "old" }],
      ["n", { uid: "uid-new", namespace: "team", name: "new" }],
    ],
  );
  assert.deepEqual([events, error], [[], undefined]);
});

test("Secrets of other types, without the key, or without a name are passed over", () => {
  assert.deepEqual(pullSecrets(podWith("opaque", "empty", undefined), lookup), { configs: [], events: [] });
});

test("Secrets that are not there are told together, and those that are there are used", () => {
  const { configs, events } = pullSecrets(podWith("gone", "new", "away"), lookup);
  assert.equal(configs.length, 1);
  assert.deepEqual(events, [
    {
      type: "Warning",
      reason: "FailedToRetrieveImagePullSecret",
      message: "Unable to retrieve some image pull secrets (gone, away); attempting to pull the image may not succeed.",
    },
  ]);
});

test("a Secret that holds no credentials is named", () => {
  const { error } = pullSecrets(podWith("broken"), lookup);
  assert.equal(error, "image pull secret team/broken: .dockerconfigjson is not valid JSON");
});
