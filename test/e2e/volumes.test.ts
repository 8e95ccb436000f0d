/** Volumes as containers see them, over updates, many at once, hostile contents, and an agent that dies at any moment. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Pod } from "../../src/core/api/types.ts";
import { AgentNode, BUSYBOX, containerIdOf, isRunning, SLEEP, shellPod, statusOf } from "../support/agent-node.ts";
import { PodTraces, untilNothingLeft } from "../support/pod-leftovers.ts";
import { chooseSeed, Random } from "../support/random.ts";

const MANY_PODS = 10;
const VOLUMES_EACH = 20;
/** Of the agent, each twice: on the way up and on the way down. */
const KILL_ROUNDS = Number(process.env["TSKUBELET_KILL_ROUNDS"] ?? 6);

describe("volumes", { concurrency: 1 }, () => {
  const node = new AgentNode({ bridge: "tskvol0" });
  const traces = new PodTraces(node);
  before(() => node.start());
  after(() => node.close());

  /** A file as the pod's main container sees it; `undefined`: it is not there. */
  const seenBy = (pod: Pod, path: string): string | undefined => {
    try {
      return readFileSync(`/proc/${node.processOf(containerIdOf(pod))}/root${path}`, "utf8");
    } catch {
      return undefined;
    }
  };

  it("shows a change of a ConfigMap and of the pod's labels at once, whole, in a container that cannot write there", async (t) => {
    const config = (text: string) => ({ ...configMap("page"), data: { a: text, b: text } });
    const fields = { downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } };
    const sources = [{ configMap: { name: "page" } }, fields];
    const pod = (version: string) => {
      const volumes = [
        { name: "page", configMap: { name: "page" } },
        { name: "all", projected: { sources } },
      ];
      const script = `touch /page/new 2>/dev/null || echo read-only; ${SLEEP}`;
      return labelled(volumePod("watches", script, mountAll(volumes), volumes), { version });
    };
    node.write("watches.yaml", config("1"), pod("one"));
    const running = await node.untilPod("watches", "is ready", isRunning);
    await node.untilLog(running, /^read-only$/m);
    const latencies: number[] = [];
    for (let round = 2; round < 7; round++) {
      const from = performance.now();
      node.write("watches.yaml", config(String(round)), pod(`v${round}`));
      await node.until("the container sees it", () => seenBy(running, "/page/a") === String(round), 5_000);
      latencies.push(performance.now() - from);
      // Both files of the ConfigMap are switched in one step.
      assert.equal(seenBy(running, "/page/b"), String(round));
      await node.until(
        "the projected volume follows",
        () => seenBy(running, "/all/a") === String(round) && seenBy(running, "/all/labels") === `version="v${round}"`,
        5_000,
      );
    }
    t.diagnostic(`edit to seen in the container: ${latencies.map((ms) => Math.round(ms)).join(", ")} ms`);
    const same = await node.untilPod("watches", "still runs", isRunning);
    assert.equal(containerIdOf(same), containerIdOf(running));
    node.remove("watches.yaml");
  });

  it("gives a pod a service account token of this node", async () => {
    const serviceAccountToken = { path: "token", audience: "vault", expirationSeconds: 600 };
    const volumes = [{ name: "token", projected: { sources: [{ serviceAccountToken }] } }];
    const pod = volumePod("robot", SLEEP, mountAll(volumes), volumes, {
      serviceAccountName: "robot",
      securityContext: { runAsUser: 7, fsGroup: 9 },
    });
    node.write("robot.yaml", pod);
    const running = await node.untilPod("robot", "is ready", isRunning);
    const [, body = ""] = seenBy(running, "/token/token")?.split(".") ?? [];
    const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as Readonly<Record<string, unknown>>;
    assert.deepEqual(
      [claims["sub"], claims["aud"], Number(claims["exp"]) - Number(claims["iat"])],
      ["system:serviceaccount:default:robot", ["vault"], 600],
    );
    const owner = execFileSync("stat", ["-Lc", "%u %g %a", volumePath(node, running, "projected", "token/token")]);
    assert.equal(owner.toString().trim(), "7 9 640");
    node.remove("robot.yaml");
  });

  it("refuses a subPath that a container has turned into a link out of the volume", async () => {
    const volumes = [{ name: "shared", emptyDir: {} }];
    const evil = { name: "shared", mountPath: "/evil", subPath: "evil/etc" };
    const spec = {
      initContainers: [container("plants", "ln -s / /shared/evil", [{ name: "shared", mountPath: "/shared" }])],
    };
    node.write("evil.yaml", volumePod("evil", SLEEP, [evil], volumes, spec));
    const waits = (pod: Pod) => statusOf(pod)?.state?.waiting?.reason === "CreateContainerConfigError";
    const pod = await node.untilPod("evil", "is refused", waits);
    const message = statusOf(pod)?.state?.waiting?.message ?? "";
    assert.match(
      message,
      /^failed to prepare subPath for volumeMount "shared" of container "main": .*not within volume/,
    );
    node.remove("evil.yaml");
  });

  it("refuses recursive read-only mounts where the runtime does not know them", async (t) => {
    const volumes = [{ name: "data", emptyDir: {} }];
    const mount = { name: "data", mountPath: "/data", readOnly: true, recursiveReadOnly: "Enabled" };
    const { runtimeHandlers } = await node.cri.runtime.status();
    if (runtimeHandlers.some((each) => each.features?.recursiveReadOnlyMounts === true))
      return t.skip("this runtime knows them");
    node.write("rro.yaml", volumePod("rro", SLEEP, [mount], volumes));
    const text = 'volume "data" requested recursive read-only mode, but it is not supported by the runtime';
    await node.untilPod("rro", "is refused", (pod) => statusOf(pod)?.state?.waiting?.message?.includes(text) === true);
    node.write("rro.yaml", volumePod("rro", SLEEP, [{ ...mount, recursiveReadOnly: "IfPossible" }], volumes));
    await node.untilPod("rro", "is ready", isRunning);
    node.remove("rro.yaml");
  });

  it(`mounts ${MANY_PODS * VOLUMES_EACH} ConfigMap volumes at once and takes them all away`, async (t) => {
    const objects = Array.from({ length: VOLUMES_EACH }, (_, i) => ({
      ...configMap(`cm${i}`),
      data: { k: `text ${i}` },
    }));
    const volumes = objects.map(({ metadata }) => ({ name: metadata.name, configMap: { name: metadata.name } }));
    const names = Array.from({ length: MANY_PODS }, (_, i) => `many-${i}`);
    const from = performance.now();
    node.write("many.yaml", ...objects, ...names.map((name) => volumePod(name, SLEEP, mountAll(volumes), volumes)));
    const all = async () => (await node.pods()).filter((pod) => names.includes(pod.metadata?.name ?? ""));
    await node.until("all run", async () => (await all()).filter(isRunning).length === MANY_PODS, 40_000);
    t.diagnostic(`running after ${Math.round(performance.now() - from)} ms`);
    for (const pod of await all()) {
      for (const [i, { name }] of volumes.entries()) assert.equal(seenBy(pod, `/${name}/k`), `text ${i}`);
    }
    node.remove("many.yaml");
    await node.until("all are gone", async () => (await all()).length === 0, 40_000);
  });

  it(`loses no mount and no file when the agent is killed ${2 * KILL_ROUNDS} times at any moment`, async (t) => {
    const seed = chooseSeed();
    t.diagnostic(`TSKUBELET_SEED=${seed}`);
    const random = new Random(seed);
    const precious = join(node.base, "precious");
    mkdirSync(join(precious, "sub"), { recursive: true });
    writeFileSync(join(precious, "sub", "file"), "keep");
    const orphan = join(node.rootDir, "pods", "11111111-0000-4000-8000-000000000000", "volumes", "nobody~knows", "v");
    const volumes = [
      { name: "page", configMap: { name: "page" } },
      { name: "key", secret: { secretName: "key" } },
      { name: "memory", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
      { name: "disk", emptyDir: {} },
      { name: "host", hostPath: { path: precious, type: "Directory" } },
    ];
    const mounts = [...mountAll(volumes), { name: "host", mountPath: "/part", subPath: "sub" }];
    const script = `echo mine > /disk/mine; echo mine > /memory/mine; ${SLEEP}`;
    const objects = [
      { ...configMap("page"), data: { k: "page" } },
      { ...configMap("key"), kind: "Secret", stringData: { k: "key" } },
    ];
    for (let round = 0; round < KILL_ROUNDS; round++) {
      // Somebody else's mount below a directory of a pod that nobody knows: housekeeping of the next agent finds it.
      mkdirSync(orphan, { recursive: true });
      execFileSync("mount", ["--bind", precious, orphan]);
      node.write("killed.yaml", ...objects, volumePod("killed", script, mounts, volumes));
      await sleep(random.below(350));
      await node.end("SIGKILL");
      await node.start();
      const pod = await node.untilPod("killed", "is ready", isRunning);
      const seen = ["/page/k", "/key/k", "/part/file", "/disk/mine", "/memory/mine"];
      await node.until("it has written", () => seenBy(pod, "/memory/mine") !== undefined);
      assert.deepEqual(
        seen.map((path) => seenBy(pod, path)?.trim()),
        ["page", "key", "keep", "mine", "mine"],
      );
      await node.until("the orphan is gone", () => !existsSync(orphan));
      await traces.remember();
      node.remove("killed.yaml");
      await sleep(random.below(350));
      await node.end("SIGKILL");
      await node.start();
      await node.untilGone("killed");
      assert.deepEqual(readdirSync(precious), ["sub"]);
      assert.equal(readFileSync(join(precious, "sub", "file"), "utf8"), "keep");
    }
    node.removeAll();
    await untilNothingLeft(node, traces);
  });
});

function configMap(name: string) {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name } };
}

function mountAll(volumes: readonly { readonly name: string }[]) {
  return volumes.map(({ name }) => ({ name, mountPath: `/${name}` }));
}

function container(name: string, script: string, volumeMounts: readonly object[]) {
  return { name, image: BUSYBOX, imagePullPolicy: "Never", command: ["sh", "-c", script], volumeMounts };
}

function volumePod(
  name: string,
  script: string,
  volumeMounts: readonly object[],
  volumes: readonly object[],
  spec: Readonly<Record<string, unknown>> = {},
): unknown {
  return shellPod(name, "", { containers: [container("main", script, volumeMounts)], volumes, ...spec });
}

function labelled(pod: unknown, labels: Readonly<Record<string, string>>): unknown {
  const { metadata, ...rest } = pod as { readonly metadata: object };
  return { ...rest, metadata: { ...metadata, labels } };
}

function volumePath(node: AgentNode, { metadata }: Pod, plugin: string, path: string): string {
  return join(node.rootDir, "pods", metadata?.uid ?? "", "volumes", `kubernetes.io~${plugin}`, path);
}
