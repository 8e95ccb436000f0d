/** What the agent does in the background: log rotation, removal of dead containers. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { it } from "node:test";
import { gunzipSync } from "node:zlib";
import { type AgentNode, BUSYBOX, isRunning, SLEEP, shellPod, statusOf } from "../../support/agent-node.ts";

/** What the node of these claims has to be configured with. */
export const UPKEEP_SETTINGS = {
  containerLogMaxSize: "32Ki",
  containerLogMaxFiles: 3,
  containerLogMonitorInterval: "3s",
};
const GC_PERIOD_MS = 60_000;

export function upkeepClaims(node: () => AgentNode): void {
  it("rotates a log that grew too large, compresses the older ones and keeps as many as it may", async () => {
    const script = `i=0; while [ $i -lt 4000 ]; do echo "line-$i-padding-padding-padding"; i=$((i+1)); [ $((i % 100)) -ne 0 ] || sleep 0.3; done; ${SLEEP}`;
    node().write("chatty.yaml", shellPod("chatty", script));
    const pod = await node().untilPod("chatty", "is ready", isRunning);
    const directory = dirname(node().logPath(pod));
    const files = () => readdirSync(directory).sort();
    await node().until("an older log is compressed", () => files().some((name) => name.endsWith(".gz")), 40_000);
    await node().until("all was written", () => /line-3999-/.test(node().containerLog(pod)), 40_000);
    assert.ok(files().length <= UPKEEP_SETTINGS.containerLogMaxFiles, files().join(" "));
    for (const name of files()) assert.match(name, /^0\.log(\.\d{8}-\d{6}(\.gz)?)?$/);
    const kept = files()
      .flatMap((name) => numbersIn(textOf(join(directory, name))))
      .toSorted((a, b) => a - b);
    const first = kept[0] ?? Number.NaN;
    assert.deepEqual(
      kept,
      Array.from({ length: 4000 - first }, (_, i) => first + i),
      "no line is lost in between",
    );
    assert.equal(statusOf((await node().pod("chatty")) ?? pod)?.restartCount, 0);
  });

  it("keeps one dead instance of each container, with its log", async () => {
    const volumeMounts = [{ name: "data", mountPath: "/data" }];
    const script = `echo x >> /data/runs; [ $(wc -l < /data/runs) -gt 2 ] || exit 1; ${SLEEP}`;
    const container = { name: "main", image: BUSYBOX, imagePullPolicy: "Never", command: ["sh", "-c", script] };
    const containers = [{ ...container, volumeMounts }];
    node().write("dying.yaml", shellPod("dying", "", { containers, volumes: [{ name: "data", emptyDir: {} }] }));
    const pod = await node().untilPod("dying", "survives its third run", (seen) => {
      return isRunning(seen) && statusOf(seen)?.restartCount === 2;
    });
    const dead = async () =>
      (await node().cri.runtime.listContainers()).filter(({ labels, state }) => {
        return labels["io.kubernetes.pod.uid"] === pod.metadata?.uid && state === "CONTAINER_EXITED";
      });
    await node().until("one is left", async () => (await dead()).length === 1, GC_PERIOD_MS + 10_000);
    const [last] = await dead();
    assert.equal(last?.metadata.attempt, 1);
    // Logs go right after their containers.
    const logs = () => readdirSync(dirname(node().logPath(pod))).sort();
    await node().until(
      "the logs of the others are gone",
      () => logs().join(" ") === "1.log 2.log",
      5_000,
      () => logs().join(" "),
    );
    const links = () =>
      node()
        .logLinks()
        .filter((link) => link.includes("/dying_default_"));
    await node().until("their links are gone", () => links().length === 2, 5_000);
  });
}

function numbersIn(text: string): readonly number[] {
  return Array.from(text.matchAll(/line-(\d+)-/g), ([, number]) => Number(number));
}

function textOf(path: string): string {
  const bytes = readFileSync(path);
  return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
}
