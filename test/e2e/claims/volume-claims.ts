/** ConfigMaps, Secrets and directories as volumes. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import {
  type AgentNode,
  BUSYBOX,
  containerIdOf,
  isRunning,
  SLEEP,
  shellPod,
  statusOf,
} from "../../support/agent-node.ts";

export function volumeClaims(node: () => AgentNode): void {
  it("shows a ConfigMap as files and follows its edits in the running container", async () => {
    const config = (page: string) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "pages" },
      data: { "page.txt": page, "other.txt": "same" },
    });
    const script = "while true; do ls /pages; cat /pages/page.txt; sleep 0.2; done";
    const mounts = [{ name: "pages", mountPath: "/pages" }];
    const volumes = [{ name: "pages", configMap: { name: "pages" } }];
    node().write("pages.yaml", config("first\n"), volumePod("reader", script, mounts, volumes));
    const pod = await node().untilPod("reader", "is ready", isRunning);
    await node().untilLog(pod, /^other.txt\npage.txt\nfirst$/m);
    node().write("pages.yaml", config("second\n"), volumePod("reader", script, mounts, volumes));
    await node().untilLog(pod, /^second$/m);
    node().write("pages.yaml", volumePod("reader", script, mounts, volumes));
    const same = await node().untilPod("reader", "still runs", isRunning);
    assert.deepEqual([same.metadata?.uid, containerIdOf(same)], [pod.metadata?.uid, containerIdOf(pod)]);
  });

  it("lets a pod wait for the ConfigMap of its volume", async () => {
    const volumes = [{ name: "late", configMap: { name: "late" } }];
    node().write("waits.yaml", volumePod("waits", SLEEP, [{ name: "late", mountPath: "/late" }], volumes));
    await node().untilEvent("waits", "FailedMount", /configmap "late" not found/);
    const waiting = await node().pod("waits");
    assert.deepEqual(
      [waiting?.status?.phase, waiting && statusOf(waiting)?.state?.waiting?.reason],
      ["Pending", "ContainerCreating"],
    );
    node().write("late.yaml", { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "late" }, data: { a: "b" } });
    await node().untilPod("waits", "is ready", isRunning);
  });

  it("keeps a Secret in memory, with its modes, and passes over an optional one that is not there", async () => {
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "keys" },
      data: { key: Buffer.from("s3cret").toString("base64") },
      stringData: { plain: "text" },
    };
    const items = [{ key: "key", path: "deep/key", mode: 0o400 }];
    const volumes = [
      { name: "keys", secret: { secretName: "keys", items } },
      { name: "all", secret: { secretName: "keys" } },
      { name: "maybe", secret: { secretName: "nowhere", optional: true } },
    ];
    const mounts = ["keys", "all", "maybe"].map((name) => ({ name, mountPath: `/${name}` }));
    const script = `cat /keys/deep/key; echo; stat -L -c %a /keys/deep/key; ls /all; ls /maybe | wc -l; grep ' /keys ' /proc/mounts; ${SLEEP}`;
    node().write("keys.yaml", secret, volumePod("keyed", script, mounts, volumes));
    const pod = await node().untilPod("keyed", "is ready", isRunning);
    const log = await node().untilLog(pod, / \/keys /);
    assert.match(log, /^s3cret\n400\nkey\nplain\n0\ntmpfs \/keys tmpfs /);
  });

  it("shares an emptyDir between containers and keeps it over their restarts", async () => {
    const volumes = [
      { name: "disk", emptyDir: {} },
      { name: "memory", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
    ];
    const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }));
    const container = (name: string, script: string) => ({
      name,
      image: BUSYBOX,
      imagePullPolicy: "Never",
      command: ["sh", "-c", script],
      volumeMounts,
    });
    const writer = container(
      "writer",
      `echo x >> /disk/count; echo x >> /memory/count; [ $(wc -l < /disk/count) -ge 2 ] || exit 1; ${SLEEP}`,
    );
    const reader = container(
      "reader",
      `until [ "$(cat /disk/count /memory/count 2>/dev/null | wc -l)" = 4 ]; do sleep 0.1; done; echo both; df -m /memory | tail -1; ${SLEEP}`,
    );
    node().write("shared.yaml", shellPod("shared", "", { containers: [writer, reader], volumes }));
    const pod = await node().untilPod(
      "shared",
      "is ready",
      (seen) => isRunning(seen) && statusOf(seen, "writer")?.restartCount === 1,
    );
    const log = await node().untilLog(pod, /\/memory/, "reader");
    assert.match(log, /^both\ntmpfs +1 /);
  });

  it("mounts directories and files of the machine, read-only where asked, and parts of volumes", async () => {
    const base = join(node().base, "machine");
    mkdirSync(join(base, "tree", "sub"), { recursive: true });
    writeFileSync(join(base, "file"), "file\n");
    writeFileSync(join(base, "tree", "sub", "leaf"), "leaf\n");
    const volumes = [
      { name: "tree", hostPath: { path: join(base, "tree"), type: "Directory" } },
      { name: "file", hostPath: { path: join(base, "file"), type: "File" } },
      { name: "made", hostPath: { path: join(base, "made"), type: "DirectoryOrCreate" } },
    ];
    const mounts = [
      { name: "tree", mountPath: "/tree", readOnly: true },
      { name: "tree", mountPath: "/leaf", subPath: "sub/leaf" },
      { name: "file", mountPath: "/file" },
      { name: "made", mountPath: "/made" },
    ];
    const script = `cat /tree/sub/leaf /leaf /file; touch /tree/new 2>/dev/null || echo read-only; echo hi > /made/out; ${SLEEP}`;
    node().write("machine.yaml", volumePod("machine", script, mounts, volumes));
    const pod = await node().untilPod("machine", "is ready", isRunning);
    assert.equal(await node().untilLog(pod, /read-only/), "leaf\nleaf\nfile\nread-only\n");
    await node().until("it wrote", () => existsSync(join(base, "made", "out")));
    assert.equal(readFileSync(join(base, "made", "out"), "utf8"), "hi\n");
    assert.deepEqual(readdirSync(join(base, "tree")), ["sub"]);
    const wrong = [{ name: "wrong", hostPath: { path: join(base, "file"), type: "Directory" } }];
    node().write("wrong.yaml", volumePod("wrong", SLEEP, [{ name: "wrong", mountPath: "/wrong" }], wrong));
    await node().untilEvent("wrong", "FailedMount", /hostPath type check failed: .* is not a directory/);
  });
}

function volumePod(name: string, script: string, volumeMounts: readonly object[], volumes: readonly object[]): unknown {
  const container = { name: "main", image: BUSYBOX, imagePullPolicy: "Never", command: ["sh", "-c", script] };
  return shellPod(name, "", { containers: [{ ...container, volumeMounts }], volumes });
}
