/** What a user types beside an agent that runs, on real containers. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { after, before, describe, it } from "node:test";
import { parse } from "yaml";
import type { Pod } from "../../src/core/api/types.ts";
import { AgentNode, BUSYBOX, isRunning, SLEEP, shellPod } from "../support/agent-node.ts";
import { PROGRAM, Program, RunningProgram } from "../support/program.ts";

const BRIDGE = "tskcli0";
const NODE_NAME = hostname().toLowerCase();
const COUNTER = "i=0; trap 'exit 0' TERM; while true; do i=$((i+1)); echo line $i; sleep 0.05 & wait $!; done";
const LINES = "for i in 1 2 3; do echo line $i; done; echo failing; exit 3";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

const [healthzPort, readOnlyPort] = [await freePort(), await freePort()];

describe("the command line", { concurrency: 1 }, () => {
  const node = new AgentNode({
    bridge: BRIDGE,
    kubelet: {
      healthzPort,
      readOnlyPort,
      containerLogMaxSize: "2Ki",
      containerLogMonitorInterval: "3s",
      featureGates: { KubeletCrashLoopBackOffMax: true },
      crashLoopBackOff: { maxContainerRestartPeriod: "1s" },
    },
  });
  const program = new Program(node.rootDir);
  const out = async (...args: readonly string[]) => {
    const outcome = await program.run(...args);
    assert.deepEqual([outcome.code, outcome.err], [0, ""], args.join(" "));
    return outcome.out;
  };
  before(async () => {
    await node.start();
    const labels = { metadata: { name: "sleeper", labels: { app: "sleeper" } } };
    node.write("sleeper.yaml", { ...(shellPod("sleeper", SLEEP) as object), ...labels });
    node.write("counter.yaml", shellPod("counter", COUNTER));
    node.write("failing.yaml", shellPod("failing", LINES));
    const container = (name: string, script: string) => {
      return { name, image: BUSYBOX, imagePullPolicy: "Never", command: ["sh", "-c", script] };
    };
    node.write(
      "many.yaml",
      shellPod("many", "", {
        restartPolicy: "Never",
        initContainers: [container("init", "echo of init")],
        containers: [container("a", "echo of a"), container("b", "echo of b")],
      }),
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "page" }, data: { a: "1", b: "2" } },
    );
    for (const name of ["sleeper", "counter"]) await node.untilPod(name, "is ready", isRunning);
    await node.untilPod("many", "has succeeded", ({ status }) => status?.phase === "Succeeded");
    await node.untilPod(
      "failing",
      "failed once",
      ({ status }) => (status?.containerStatuses?.[0]?.restartCount ?? 0) > 0,
    );
  });
  after(() => node.close());

  describe("lists objects", () => {
    it("as tables that kubectl's users know", async () => {
      const text = await out("get", "pods");
      assert.match(text, /^NAME +READY +STATUS +RESTARTS +AGE\n/);
      assert.match(text, /^sleeper +1\/1 +Running +0 +\d+s$/m);
      assert.match(text, /^many +0\/2 +Completed +0 +\d+s$/m);
      assert.match(text, /^failing +[01]\/1 +(Error|CrashLoopBackOff|Running) +\d+ (\(\d+s ago\))? +\d+s$/m);
      assert.match(
        await out("get", "pods", "-A", "-o", "wide"),
        /^default +sleeper .* \d+\.\d+\.\d+\.\d+ +\S+ +localhost\/\S+$/m,
      );
      assert.match(await out("get", "cm"), /^page +2 /m);
      assert.match(await out("get", "nodes"), /^\S+ +Ready /m);
      assert.match(await out("images"), /^localhost\/tskubelet\/busybox +1 /m);
    });

    it("as JSON, YAML and names, all or those that are wanted", async () => {
      const list = JSON.parse(await out("get", "pods", "-o", "json")) as { readonly items: readonly Pod[] };
      assert.deepEqual(list.items.map(({ metadata }) => metadata?.name).toSorted(), [
        "counter",
        "failing",
        "many",
        "sleeper",
      ]);
      const one = parse(await out("get", "pod", "sleeper", "-o", "yaml")) as Pod;
      assert.deepEqual(
        [one.kind, one.apiVersion, one.metadata?.name, one.status?.phase],
        ["Pod", "v1", "sleeper", "Running"],
      );
      assert.equal(await out("get", "pods", "-l", "app=sleeper", "-o", "name"), "pod/sleeper\n");
      assert.equal(await out("get", "pod/sleeper", "-o", "name"), "pod/sleeper\n");
      assert.equal(await out("get", "pods", "default/counter", "-o", "name"), "pod/counter\n");
    });

    it("and helps with a name that nothing has", async () => {
      const { code, err } = await program.run("get", "pod", "sleepre");
      assert.deepEqual(
        [code, err],
        [1, 'tskubelet: no pod "sleepre" in namespace "default" (did you mean sleeper?)\n'],
      );
    });

    it("with what is wrong in manifests below the table", async () => {
      node.writeText("broken.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: broken\nspec:\n  contaners: []\n");
      await node.untilEvent(NODE_NAME, "FailedManifest");
      const { code, err, out: table } = await program.run("get", "pods");
      assert.equal(code, 0);
      assert.match(err, /1 problem in manifests:\n {2}\S+\/broken\.yaml:6: Pod default\/broken: .*contaners/);
      assert.match(table, /^sleeper /m);
      assert.match(
        (await program.run("describe", "pod", "broken")).err,
        /its manifest is not valid:\n.*broken\.yaml:6/,
      );
      node.remove("broken.yaml");
    });

    it("and goes on with changes when watching", async () => {
      const watch = program.start(["get", "pods", "-w"]);
      await node.until("the watch shows pods", () => /^sleeper /m.test(watch.out));
      node.write("late.yaml", shellPod("late", SLEEP));
      await node.until("the watch shows a new pod", () => /^late +1\/1 +Running/m.test(watch.out));
      node.remove("late.yaml");
      await node.until("the watch shows its end", () => /^late .*Terminating/m.test(watch.out));
      watch.child.kill();
      await watch.ended;
    });
  });

  describe("describes", () => {
    it("a pod with its containers and events", async () => {
      const text = await out("describe", "pod", "failing");
      assert.match(text, /^Name: +failing\nNamespace: +default\n/);
      assert.match(text, /^ {4}Last State: +Terminated\n {6}Reason: +Error\n {6}Exit Code: +3\n/m);
      assert.match(text, /^Events:\n {2}Type +Reason +Age +From +Message\n/m);
      assert.match(text, /^ {2}Normal +Started +.*Started container main$/m);
    });

    it("the node with its pods", async () => {
      const text = await out("describe", "node", NODE_NAME);
      assert.match(text, /^ {2}Ready +True +KubeletReady/m);
      assert.match(text, /^ {2}default +sleeper +Running +BestEffort$/m);
    });
  });

  it("shows events, of all or of one pod", async () => {
    assert.match(await out("events"), /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n/);
    const own = await out("events", "many");
    assert.match(own, /Started +pod\/many +Started container b$/m);
    assert.doesNotMatch(own, /pod\/sleeper/);
  });

  describe("shows logs", () => {
    it("of a container, of the one before its restart, of all of a pod", async () => {
      assert.match(await out("logs", "failing", "--previous"), /^line 1\nline 2\nline 3\nfailing\n$/);
      assert.equal(await out("logs", "failing", "-p", "--tail", "2"), "line 3\nfailing\n");
      assert.match(await out("logs", "failing", "-p", "--tail=1", "--timestamps"), /^\d{4}-\S+Z failing\n$/);
      assert.equal(await out("logs", "failing", "-p", "--limit-bytes", "4"), "line");
      assert.equal(await out("logs", "many", "init"), "of init\n");
      const all = await out("logs", "many", "--all-containers", "--prefix");
      assert.equal(all, "[pod/many/init] of init\n[pod/many/a] of a\n[pod/many/b] of b\n");
      const defaulted = await program.run("logs", "many");
      assert.deepEqual(
        [defaulted.out, defaulted.err],
        ["of a\n", 'Defaulted container "a" out of: a, b, init (init)\n'],
      );
    });

    it("and says why there is none", async () => {
      const { code, err } = await program.run("logs", "sleeper", "--previous");
      assert.deepEqual(
        [code, err],
        [1, 'tskubelet: previous terminated container "main" in pod "sleeper" not found\n'],
      );
    });

    it("on and on, over rotations and over the agent's death, without losing or repeating a line", async () => {
      const follow = program.start(["logs", "-f", "counter", "--tail=1"]);
      const seen = () =>
        follow.out
          .split("\n")
          .slice(0, -1)
          .map((line) => Number(line.replace("line ", "")));
      const rotations = async () => {
        const pod = await node.pod("counter");
        assert.ok(pod);
        return spawnSync("sh", ["-c", `ls ${node.logPath(pod)}.* | wc -l`], { encoding: "utf8" }).stdout.trim();
      };
      await node.until("lines are shown", () => seen().length > 5);
      await node.until("the log was rotated", async () => Number(await rotations()) > 1);
      await node.end("SIGKILL");
      const before = seen().length;
      await node.start();
      await node.until("the log goes on", () => seen().length > before + 30);
      follow.child.kill();
      await follow.ended;
      const [first = 0] = seen();
      assert.deepEqual(
        seen(),
        seen().map((_, index) => first + index),
      );
    });

    it("until the container ends", async () => {
      node.write("short.yaml", shellPod("short", "echo begin; sleep 2; echo end", { restartPolicy: "Never" }));
      await node.untilPod("short", "is ready", isRunning);
      assert.deepEqual(await program.run("logs", "-f", "short"), { out: "begin\nend\n", err: "", code: 0 });
      node.remove("short.yaml");
    });
  });

  describe("runs commands in containers", () => {
    it("with their output, their errors and their exit code", async () => {
      const outcome = await program.run("exec", "sleeper", "--", "sh", "-c", "echo out; echo err >&2; exit 7");
      assert.deepEqual(outcome, { out: "out\n", err: "err\n", code: 7 });
      const missing = await program.run("exec", "sleeper", "--", "/no/such/program");
      assert.equal(missing.code, 1);
      assert.match(missing.err, /no such file or directory/);
    });

    it("with input to its end, unchanged", async () => {
      const input = randomBytes(2_000_000);
      const echo = program.start(["exec", "-i", "sleeper", "--", "cat"], input);
      assert.equal((await echo.ended).code, 0);
      assert.ok(echo.bytes.equals(input));
      assert.equal((await program.start(["exec", "-i", "sleeper", "--", "wc", "-c"], "").ended).out.trim(), "0");
    });

    it("with a terminal that has the size of the user's, also when that changes", async () => {
      // A runtime sets the first size a moment after the command has begun.
      const until = (size: string) => `until [ \\"\\$(stty size)\\" = '${size}' ]; do sleep 0.1; done 2>/dev/null`;
      const script = `${until("33 77")}; tty; echo small; ${until("40 100")}; echo large; exit 4`;
      const call = [PROGRAM, ...program.args(["exec", "-it", "sleeper", "--", "sh", "-c", `"${script}"`])].join(" ");
      const terminal = new RunningProgram(
        "script",
        ["-qefc", `stty rows 33 cols 77; tty; ${call}`, "/dev/null"],
        undefined,
      );
      await node.until(
        "the command runs",
        () => /dev.pts.\d+\s+small/.test(terminal.out),
        30_000,
        () => terminal.out,
      );
      const [outer = ""] = /\/dev\/pts\/\d+/.exec(terminal.out) ?? [];
      spawnSync("stty", ["-F", outer, "rows", "40", "cols", "100"]);
      const { code, out: shown } = await terminal.ended;
      assert.match(shown, /large/);
      assert.equal(code, 4);
    });
  });

  it("is served by an agent that only root and this machine can ask", async () => {
    assert.equal(statSync(node.socketPath).mode & 0o777, 0o600);
    const get = async (port: number, path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    assert.equal(await get(healthzPort, "/healthz"), "ok");
    const list = JSON.parse(await get(readOnlyPort, "/pods")) as {
      readonly kind: string;
      readonly items: readonly Pod[];
    };
    assert.deepEqual([list.kind, list.items.length], ["PodList", 4]);
    assert.ok((JSON.parse(await get(readOnlyPort, "/spec/")) as { readonly num_cores: number }).num_cores > 0);
  });

  it("takes everything down, and says so when there is no agent", async () => {
    const text = await out("down", "--grace-period", "1");
    assert.match(text, /^agent: ended$/m);
    assert.match(text, /^network: bridge tskcli0 removed$/m);
    assert.match(text, /^state: \S+ removed$/m);
    assert.ok(!existsSync(node.rootDir));
    assert.ok(!existsSync(`/sys/class/net/${BRIDGE}`));
    const { code, err } = await program.run("get", "pods");
    assert.equal(code, 1);
    assert.match(err, /^tskubelet: no agent is running: nothing answers at \S+tskubelet\.sock\n.*'tskubelet run'/);
    assert.match(await out("down"), /^nothing to remove/);
  });
});
