import assert from "node:assert/strict";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ManifestProblem } from "../../src/core/pods/desired-state.ts";
import { AgentNode, BUSYBOX, containerIdOf, isRunning, SLEEP, shellPod, statusOf } from "../support/agent-node.ts";
import { type ManifestServer, startManifestServer } from "../support/manifest-server.ts";
import { PodTraces, untilNothingLeft } from "../support/pod-leftovers.ts";

const NODE_NAME = "E2E-Node";

describe("manifests of a node alone", { concurrency: 1 }, () => {
  let server: ManifestServer;
  let node: AgentNode;
  before(async () => {
    server = await startManifestServer();
    node = new AgentNode({
      bridge: "tsksrc0",
      kubelet: {
        staticPodURL: server.url,
        staticPodURLHeader: { "X-Token": ["e2e"] },
        httpCheckFrequency: "1s",
      },
      flags: ["--hostname-override", NODE_NAME],
    });
    await node.start();
  });
  after(async () => {
    await server.close();
    await node.close();
  });

  const problems = async () => {
    const answer = (await node.get("/tskubelet/v1/manifest-problems")) as { readonly problems: ManifestProblem[] };
    return answer.problems;
  };
  const untilProblem = async (what: string, holds: (problem: ManifestProblem) => boolean) => {
    let seen: readonly ManifestProblem[] = [];
    await node.until(
      `a problem is told: ${what}`,
      async () => {
        seen = await problems();
        return seen.some(holds);
      },
      10_000,
      () => JSON.stringify(seen, undefined, 1),
    );
    const problem = seen.find(holds);
    assert.ok(problem);
    return problem;
  };
  const untilNoProblem = () => node.until("no problem is left", async () => (await problems()).length === 0, 10_000);
  const running = (name: string) => node.untilPod(name, "is ready", isRunning);
  const nothingHappenedTo = async (pod: Awaited<ReturnType<typeof running>>) => {
    const now = await node.pod(pod.metadata?.name ?? "");
    assert.ok(now);
    assert.deepEqual([now.metadata?.uid, containerIdOf(now)], [pod.metadata?.uid, containerIdOf(pod)]);
    assert.equal(statusOf(now)?.restartCount, 0);
    assert.ok(isRunning(now));
  };

  it("reads YAML of several documents and JSON, and passes over what editors leave", async () => {
    const stray = (name: string) => JSON.stringify(shellPod(name, SLEEP));
    const leftovers = [".hidden.yaml", "a.yaml~", "#a.yaml#", "a.yaml.swp", "a.yaml.bak", ".a.yaml.swx", "notes.txt"];
    for (const [i, name] of leftovers.entries()) writeFileSync(join(node.manifestsDir, name), stray(`stray-${i}`));
    mkdirSync(join(node.manifestsDir, "below"));
    writeFileSync(join(node.manifestsDir, "below", "a.yaml"), stray("stray-below"));
    const config = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "several" }, data: { word: "together" } };
    const main = {
      name: "main",
      image: BUSYBOX,
      imagePullPolicy: "Never",
      command: ["sh", "-c", `echo $WORD; ${SLEEP}`],
    };
    const env = [{ name: "WORD", valueFrom: { configMapKeyRef: { name: "several", key: "word" } } }];
    const one = shellPod("one", "", { containers: [{ ...main, env }] });
    node.write("several.yaml", config, one, shellPod("two", SLEEP));
    node.writeText("three.json", JSON.stringify(shellPod("three", SLEEP)));
    const pods = await Promise.all(["one", "two", "three"].map(running));
    assert.ok(pods[0]);
    await node.untilLog(pods[0], /^together$/m);
    assert.deepEqual(
      (await node.pods()).map(({ metadata }) => metadata?.name),
      ["one", "three", "two"],
    );
    assert.deepEqual(await problems(), []);
  });

  it("keeps what ran when a file breaks, and says where: file, line, field", async () => {
    node.write("kept.yaml", shellPod("kept", SLEEP));
    const pod = await running("kept");
    const path = join(node.manifestsDir, "kept.yaml");

    node.writeText("kept.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: kept\n   oops: [\n");
    const syntax = await untilProblem("the text is no YAML", (problem) => problem.path === path);
    assert.ok((syntax.line ?? 0) >= 4, JSON.stringify(syntax));
    await node.untilEvent(NODE_NAME.toLowerCase(), "FailedManifest", /kept\.yaml, document 1, line \d/);
    await nothingHappenedTo(pod);

    const text = [
      "apiVersion: v1",
      "kind: Pod",
      "metadata: { name: kept }",
      "spec:",
      "  containers:",
      `  - name: main`,
      `    imagee: ${BUSYBOX}`,
    ];
    node.writeText("kept.yaml", text.join("\n"));
    const unknown = await untilProblem("a field that there is not", ({ field = "" }) => field.endsWith("imagee"));
    assert.deepEqual([unknown.path, unknown.document, unknown.line], [path, 0, 7]);
    assert.match(unknown.message, /unknown field.*image/);
    await nothingHappenedTo(pod);

    node.write("kept.yaml", shellPod("kept", SLEEP));
    await untilNoProblem();
    await nothingHappenedTo(pod);
  });

  it("runs the good documents of a file whose other document is wrong", async () => {
    const good = shellPod("good", SLEEP) as object;
    const wrong = shellPod("wrong", SLEEP, { restartPolicy: "Sometimes" }) as object;
    node.write("mixed.yaml", good, wrong);
    const pod = await running("good");
    const problem = await untilProblem("a value that is not allowed", ({ field }) => field === "spec.restartPolicy");
    assert.equal(problem.document, 1);
    assert.equal(problem.subject, "Pod default/wrong");
    assert.match(problem.message, /Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"/);
    const lines = readFileSync(join(node.manifestsDir, "mixed.yaml"), "utf8").split("\n");
    assert.match(lines[(problem.line ?? 0) - 1] ?? "", /restartPolicy: Sometimes/);
    assert.equal(await node.pod("wrong"), undefined);
    node.write("mixed.yaml", good);
    await untilNoProblem();
    await nothingHappenedTo(pod);
  });

  it("loses nothing when it starts anew while a file is broken", async () => {
    const pod = await running("kept");
    node.writeText("kept.yaml", "kind: [");
    await untilProblem("the file is broken", ({ path }) => path.endsWith("/kept.yaml"));
    await node.end("SIGKILL");
    await node.start();
    await untilProblem("the file is still broken", ({ path }) => path.endsWith("/kept.yaml"));
    await nothingHappenedTo(pod);
    node.write("kept.yaml", shellPod("kept", SLEEP));
    await untilNoProblem();
    await nothingHappenedTo(pod);
  });

  it("follows what changed while it did not run, and starts the new version only after the old one", async () => {
    const shared = join(node.base, "shared");
    mkdirSync(shared);
    const noted = (word: string) => {
      const script = `trap 'echo ${word}-end >> /shared/log; exit 0' TERM; echo ${word}-start >> /shared/log; while true; do sleep 1000 & wait $!; done`;
      const volumeMounts = [{ name: "shared", mountPath: "/shared" }];
      const main = {
        name: "main",
        image: BUSYBOX,
        imagePullPolicy: "Never",
        command: ["sh", "-c", script],
        volumeMounts,
      };
      return shellPod("edited", "", { containers: [main], volumes: [{ name: "shared", hostPath: { path: shared } }] });
    };
    node.write("edited.yaml", noted("old"));
    node.write("deleted.yaml", shellPod("deleted", SLEEP));
    const [before] = await Promise.all([running("edited"), running("deleted")]);
    await node.end("SIGKILL");
    node.write("edited.yaml", noted("new"));
    node.remove("deleted.yaml");
    node.write("added.yaml", shellPod("added", SLEEP));
    await node.start();
    await running("added");
    await node.untilGone("deleted");
    await node.untilPod("edited", "is another", (pod) => isRunning(pod) && pod.metadata?.uid !== before?.metadata?.uid);

    const log = () => readFileSync(join(shared, "log"), "utf8").trim().split("\n");
    await node.until("the new one said so", () => log().includes("new-start"));
    assert.deepEqual(log(), ["old-start", "old-end", "new-start"]);
    await node.until("the old one is gone", async () => {
      const all = await node.cri.runtime.listPodSandbox();
      return all.filter(({ metadata }) => ["edited", "deleted"].includes(metadata.name)).length === 1;
    });
    for (const name of ["edited.yaml", "added.yaml"]) node.remove(name);
    await Promise.all(["edited", "added"].map((name) => node.untilGone(name)));
  });

  it("leaves a name with the file that had it, and gives it on when that file goes", async () => {
    node.write("z-first.yaml", shellPod("contested", SLEEP));
    const first = await running("contested");
    node.write("a-second.yaml", shellPod("contested", `echo second; ${SLEEP}`));
    const problem = await untilProblem("the name is taken", ({ subject }) => subject === "Pod default/contested");
    assert.equal(problem.path, join(node.manifestsDir, "a-second.yaml"));
    assert.match(problem.message, /already defined by .*z-first\.yaml/);
    await nothingHappenedTo(first);
    await node.end("SIGKILL");
    await node.start();
    await nothingHappenedTo(first);
    node.remove("z-first.yaml");
    const second = await node.untilPod("contested", "is the other one", (pod) => {
      return (
        isRunning(pod) && pod.metadata?.uid !== first.metadata?.uid && pod.metadata?.deletionTimestamp === undefined
      );
    });
    await node.untilLog(second, /^second$/m);
    await untilNoProblem();
    node.remove("a-second.yaml");
    await node.untilGone("contested");
  });

  it("runs static pods of a directory under the node's name", async () => {
    const write = (script: string) =>
      node.writeText("static.yaml", JSON.stringify(shellPod("static", script)), node.staticDir);
    write(SLEEP);
    const name = `static-${NODE_NAME.toLowerCase()}`;
    const pod = await running(name);
    const annotations = pod.metadata?.annotations ?? {};
    assert.equal(annotations["kubernetes.io/config.source"], "file");
    assert.equal(annotations["kubernetes.io/config.hash"], pod.metadata?.uid);
    assert.equal(pod.spec?.nodeName, NODE_NAME.toLowerCase());
    assert.deepEqual(pod.spec?.tolerations, [{ operator: "Exists", effect: "NoExecute" }]);
    write(`echo edited; ${SLEEP}`);
    const edited = await node.untilPod(name, "is another", (seen) => {
      return (
        isRunning(seen) && seen.metadata?.uid !== pod.metadata?.uid && seen.metadata?.deletionTimestamp === undefined
      );
    });
    await node.untilLog(edited, /^edited$/m);
    node.remove("static.yaml", node.staticDir);
    await node.untilGone(name);
  });

  it("runs static pods of a URL, keeps them while it fails, and follows what it serves", async () => {
    const list = (...names: readonly string[]) =>
      JSON.stringify({ apiVersion: "v1", kind: "PodList", items: names.map((name) => shellPod(name, SLEEP)) });
    const full = (name: string) => `${name}-${NODE_NAME.toLowerCase()}`;
    server.serve(200, list("far", "away"));
    const [far] = await Promise.all([running(full("far")), running(full("away"))]);
    assert.ok(far);
    assert.equal(far.metadata?.annotations?.["kubernetes.io/config.source"], "http");
    assert.equal(server.lastHeaders["x-token"], "e2e");
    server.serve(500, "broken");
    const problem = await untilProblem("the URL fails", ({ path }) => path.includes(server.url));
    assert.match(problem.message, /500/);
    await nothingHappenedTo(far);
    server.serve(200, list("far"));
    await node.untilGone(full("away"));
    await untilNoProblem();
    await nothingHappenedTo(far);
    server.serve(200, "");
    await node.untilGone(full("far"));
  });

  it("touches nothing when the directory of manifests is away for a moment, and ends the pods when it stays away", async () => {
    const [one, kept] = await Promise.all([running("one"), running("kept")]);
    assert.ok(one && kept);
    const aside = `${node.manifestsDir}.aside`;
    renameSync(node.manifestsDir, aside);
    await sleep(300);
    renameSync(aside, node.manifestsDir);
    node.write("back.yaml", shellPod("back", SLEEP));
    await running("back");
    await nothingHappenedTo(one);
    await nothingHappenedTo(kept);
    renameSync(node.manifestsDir, aside);
    await node.until("all pods end", async () => (await node.pods()).length === 0);
    renameSync(aside, node.manifestsDir);
    await Promise.all(["one", "two", "three", "kept", "good", "back"].map(running));
  });

  it("leaves nothing when all manifests go", async () => {
    const traces = new PodTraces(node);
    await traces.remember();
    node.removeAll();
    await untilNothingLeft(node, traces);
  });
});
