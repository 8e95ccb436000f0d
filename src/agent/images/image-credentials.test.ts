import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLog } from "../../../test/support/fakes-ports.ts";
import type { Pod, Secret } from "../../core/api/types.ts";
import type { DockerConfigEntry } from "../../core/images/docker-config.ts";
import { encodeBase64Text } from "../../core/manifest/base64-text.ts";
import type { DockerConfigFile } from "../../ports/registry-credentials.ts";
import { ImageCredentials } from "./image-credentials.ts";

const auths = (user: string) => JSON.stringify({ auths: { "quay.io": { username: user, password: "p" } } });
const POD: Pod = {
  metadata: { name: "web", namespace: "team" },
  spec: { containers: [], imagePullSecrets: [{ name: "pull" }] },
};

function world(files: readonly DockerConfigFile[], provided: readonly DockerConfigEntry[] = []) {
  const log = new FakeLog();
  const secret: Secret = {
    metadata: { name: "pull", namespace: "team", uid: "s" },
    type: "kubernetes.io/dockerconfigjson",
    data: { ".dockerconfigjson": encodeBase64Text(auths("of-pod")) },
  };
  const objects = {
    configMap: () => undefined,
    secret: (namespace: string, name: string) => (namespace === "team" && name === "pull" ? secret : undefined),
  };
  const credentials = new ImageCredentials({
    log,
    objects,
    nodeConfig: { read: async () => files },
    plugins: { find: async () => provided },
  });
  const users = async (pod: Pod, image: string) => {
    const found = await credentials.find(pod, image, new AbortController().signal);
    return found.credentials.map(
      ({ username, secret: source }) => `${username}${source === undefined ? "" : " by secret"}`,
    );
  };
  return { users, log };
}

const file = (path: string, text: string): DockerConfigFile => ({ path, form: "config.json", text });

test("the pod's own credentials come before the node's", async () => {
  const { users } = world([file("/a", auths("of-node"))]);
  assert.deepEqual(await users(POD, "quay.io/team/app:1"), ["of-pod by secret", "of-node"]);
  assert.deepEqual(await users({ metadata: { namespace: "team" } }, "quay.io/team/app:1"), ["of-node"]);
  assert.deepEqual(await users(POD, "gcr.io/team/app:1"), []);
});

test("of the node's files the first that can be read counts, alone", async () => {
  const { users, log } = world([file("/bad", "{"), file("/good", auths("good")), file("/late", auths("late"))]);
  assert.deepEqual(await users({}, "quay.io/app"), ["good"]);
  assert.ok(log.lines.includes("warn: registry credentials not used"));
});

test("what plugins provide comes last, as far as it is for the image", async () => {
  const provided = ["quay.io", "gcr.io"].map((location) => ({
    location,
    username: `of-plugin-${location}`,
    password: "p",
  }));
  const { users } = world([file("/a", auths("of-node"))], provided);
  assert.deepEqual(await users(POD, "quay.io/app"), ["of-pod by secret", "of-node", "of-plugin-quay.io"]);
});
