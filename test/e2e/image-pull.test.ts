import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Pod } from "../../src/core/api/types.ts";
import { AgentNode, BUSYBOX, isRunning, shellPod, statusOf } from "../support/agent-node.ts";
import { DockerRegistry, REGISTRY_ACCOUNT } from "../support/docker-registry.ts";
import { Program } from "../support/program.ts";
import { type RegistryProxy, startRegistryProxy } from "../support/registry-proxy.ts";
import { largeLayer, smallLayer, WAIT_COMMAND } from "../support/test-layers.ts";

const LARGE_MIB = 300;
const LARGE_BYTES_PER_SECOND = 40_000_000;

const KUBELET = {
  serializeImagePulls: false,
  maxParallelImagePulls: 8,
  featureGates: { KubeletEnsureSecretPulledImages: true },
};
/** Reads the registry from its request and knows the account of everything there that is called provided. */
const PLUGIN = `#!/bin/sh
image=$(sed 's/.*"image":"\\([^"]*\\)".*/\\1/')
echo "asked for $image" >> "$ASKED"
cat <<END
{"apiVersion": "credentialprovider.kubelet.k8s.io/v1", "kind": "CredentialProviderResponse",
 "cacheKeyType": "Image", "auth": {"$image": {"username": "$1", "password": "$PASSWORD"}}}
END
`;

describe("images from a registry with a password", { concurrency: 1 }, () => {
  let registry: DockerRegistry;
  let proxy: RegistryProxy;
  let node: AgentNode;
  let program: Program;
  let digest: string;

  before(async () => {
    registry = await DockerRegistry.start();
    proxy = await startRegistryProxy(registry.port);
    digest = await registry.push("team/app", "1", smallLayer("app"), WAIT_COMMAND);
    for (const name of ["late", "secret", "corrupt", "public", "provided"]) {
      await registry.push(`team/${name}`, "1", smallLayer(name), WAIT_COMMAND);
    }
    await registry.push("team/large", "1", largeLayer(LARGE_MIB), WAIT_COMMAND);
    node = new AgentNode({ bridge: "tskimg0", kubelet: KUBELET });
    program = new Program(node.rootDir);
    await node.start(...pluginFlags());
  });
  after(async () => {
    await node?.close();
    await proxy?.close();
    await registry?.close();
  });

  /** A plugin that provides for one repository of the proxy. */
  const pluginFlags = () => {
    const binDir = join(node.base, "plugins");
    mkdirSync(binDir);
    writeFileSync(join(binDir, "provider"), PLUGIN, { mode: 0o755 });
    const { username, password } = REGISTRY_ACCOUNT;
    const provider = {
      name: "provider",
      matchImages: [`${proxy.host}/team/provided`],
      defaultCacheDuration: "10m",
      apiVersion: "credentialprovider.kubelet.k8s.io/v1",
      args: [username],
      env: [
        { name: "PASSWORD", value: password },
        { name: "ASKED", value: join(node.base, "asked") },
      ],
    };
    const config = { apiVersion: "kubelet.config.k8s.io/v1", kind: "CredentialProviderConfig", providers: [provider] };
    const path = join(node.base, "credential-providers.json");
    writeFileSync(path, JSON.stringify(config));
    return ["--image-credential-provider-config", path, "--image-credential-provider-bin-dir", binDir];
  };
  const write = (name: string, image: string, ...secrets: readonly string[]) => {
    const containers = [{ name: "main", image, imagePullPolicy: "IfNotPresent" }];
    const imagePullSecrets = secrets.map((secret) => ({ name: secret }));
    const spec = { terminationGracePeriodSeconds: 1, containers, imagePullSecrets };
    node.write(`${name}.yaml`, { apiVersion: "v1", kind: "Pod", metadata: { name }, spec });
  };
  const writeSecret = (name: string, password: string, hosts = [registry.host, proxy.host]) => {
    const auths = Object.fromEntries(hosts.map((host) => [host, { username: REGISTRY_ACCOUNT.username, password }]));
    const stringData = { ".dockerconfigjson": JSON.stringify({ auths }) };
    const head = { apiVersion: "v1", kind: "Secret", metadata: { name } };
    node.write(`${name}.yaml`, { ...head, type: "kubernetes.io/dockerconfigjson", stringData });
  };
  const waiting = (pod: Pod) => statusOf(pod)?.state?.waiting;
  /** ErrImagePull shows for a moment only; the back-off that follows says the same. */
  const untilFailed = async (name: string, why: RegExp) => {
    const failed = (pod: Pod) => /^(ErrImagePull|ImagePullBackOff)$/.test(waiting(pod)?.reason ?? "");
    const pod = await node.untilPod(name, "waits for its image", failed);
    assert.match(waiting(pod)?.message ?? "", why);
  };
  const runs = (name: string, limitMs?: number) => node.untilPod(name, "runs", isRunning, limitMs);

  it("fails while the registry is down, and says so", async () => {
    writeSecret("right", REGISTRY_ACCOUNT.password);
    writeSecret("wrong", "not-this-one");
    await registry.down();
    write("late", `${registry.host}/team/late:1`, "right");
    await untilFailed("late", /connection refused/);
    await registry.up();
  });

  it("tells of a wrong password, and again while the next pull waits", async () => {
    write("refused", `${proxy.host}/team/secret:1`, "wrong");
    await untilFailed("refused", /401 Unauthorized/);
    const backedOff = await node.untilPod("refused", "waits", (pod) => waiting(pod)?.reason === "ImagePullBackOff");
    assert.match(waiting(backedOff)?.message ?? "", /^Back-off pulling image ".*": ErrImagePull: .*401 Unauthorized/);
    await node.untilEvent("refused", "BackOff", /^Back-off pulling image "[^"]*"$/);
  });

  it("tells of a Secret that is missing, and tries without", async () => {
    write("lonely", `${proxy.host}/team/secret:1`, "nowhere");
    await untilFailed("lonely", /401 Unauthorized|no basic auth credentials/);
    const message =
      "Unable to retrieve some image pull secrets (nowhere); attempting to pull the image may not succeed.";
    assert.equal((await node.untilEvent("lonely", "FailedToRetrieveImagePullSecret")).message, message);
    node.remove("lonely.yaml");
  });

  it("does not take a layer that is another than its digest says", async () => {
    proxy.fates.set("team/corrupt", { corrupt: true });
    write("corrupt", `${proxy.host}/team/corrupt:1`, "right");
    await untilFailed("corrupt", /unexpected commit digest/);
    proxy.fates.delete("team/corrupt");
  });

  it("tries each credential, by tag and by digest, and tells size and duration", async () => {
    write("tag", `${proxy.host}/team/app:1`, "wrong", "right");
    write("digest", `${registry.host}/team/app@${digest}`, "right");
    await Promise.all([runs("tag"), runs("digest")]);
    const pulled = await node.untilEvent("tag", "Pulled");
    const took = String.raw`[\d.]+m?s \([\d.]+m?s including waiting\)`;
    assert.match(
      pulled.message,
      new RegExp(`^Successfully pulled image ".*/team/app:1" in ${took}\\. Image size: \\d+ bytes\\.$`),
    );
    writeSecret("wrong", REGISTRY_ACCOUNT.password);
  });

  it("lets pods use an image that is here only if they could have pulled it", async () => {
    write("stranger", `${proxy.host}/team/app:1`);
    write("friend", `${proxy.host}/team/app:1`, "right");
    await runs("friend");
    await node.untilEvent("friend", "Pulled", /already present on machine and can be accessed by the pod$/);
    await untilFailed("stranger", /401 Unauthorized|no basic auth credentials/);
    node.remove("stranger.yaml");
  });

  it("asks a credential provider plugin", async () => {
    write("provided", `${proxy.host}/team/provided:1`);
    await runs("provided");
    assert.equal(readFileSync(join(node.base, "asked"), "utf8"), `asked for ${proxy.host}/team/provided\n`);
  });

  it("says that this containerd mounts no images, of a pod that wants one as a volume", async () => {
    const image = { reference: `${proxy.host}/team/app:1` };
    const mounts = [{ name: "files", mountPath: "/files" }];
    const pod = shellPod("volume", "sleep 1", {
      containers: [{ name: "main", image: BUSYBOX, command: ["sh"], volumeMounts: mounts }],
      volumes: [{ name: "files", image }],
    });
    node.write("volume.yaml", pod);
    await node.untilEvent(
      "volume",
      "FailedMount",
      /: volumes of type image need containerd 2\.1 or newer, this node has /,
    );
    node.remove("volume.yaml");
  });

  it("shows how far a large layer is that comes slowly", async () => {
    proxy.fates.set("team/large", { bytesPerSecond: LARGE_BYTES_PER_SECOND });
    write("large", `${proxy.host}/team/large:1`, "right");
    await node.until("a percentage is shown", async () => {
      const { out } = await program.run("describe", "pod", "large");
      return /Pulling: +[1-9]\d?% \([\d.]+MB of 315MB\), [\d.]+MB\/s/.test(out);
    });
    const { out } = await program.run("get", "pods", "large", "-o", "wide");
    assert.match(out, /ContainerCreating \(pulling [1-9]\d?%, [\d.]+MB\/s\)/);
    const event = await node.untilEvent("large", "Pulling", /%/);
    assert.match(event.message, /^Pulling image ".*": \d+% \([\d.]+MB of 315MB\), [\d.]+MB\/s$/);
    await runs("large");
    const { pulls } = (await node.get("/tskubelet/v1/pulls")) as {
      readonly pulls: readonly { readonly pod: string }[];
    };
    assert.ok(!pulls.some(({ pod }) => pod === "large"));
  });

  it("gets what failed once the registry is up, the layer is whole and the password is right", async () => {
    await Promise.all(["late", "corrupt", "refused"].map((name) => runs(name)));
  });

  it("uses the node's own docker credentials for pods without any, and for another registry they say nothing", async () => {
    const auths = { [proxy.host]: REGISTRY_ACCOUNT };
    writeFileSync(join(node.rootDir, "config.json"), JSON.stringify({ auths }));
    write("public", `${proxy.host}/team/public:1`);
    write("other", `${registry.host}/team/public:1`);
    await runs("public");
    await untilFailed("other", /401 Unauthorized|no basic auth credentials/);
  });
});
