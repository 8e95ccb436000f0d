import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settle } from "../../../test/support/fakes-clock.ts";
import { FakeLog, FakeStore } from "../../../test/support/fakes-ports.ts";
import type { LifecycleHandler, Pod } from "../../core/api/types.ts";
import type { HttpProbe, NetworkProbe, ProbeOutcome } from "../../core/probe/index.ts";
import { EventRecorder } from "../events/event-recorder.ts";
import { HookRunner } from "./hook-runner.ts";

const POD: Pod = { metadata: { uid: "u", name: "web", namespace: "default" }, spec: { containers: [] } };

function world(outcomes: readonly ProbeOutcome[] = [], exitCode = 0, stdout = "out ") {
  const clock = new FakeClock();
  const events = new EventRecorder({ clock, log: new FakeLog(), store: new FakeStore() }, { nodeName: "n" });
  const asked: NetworkProbe[] = [];
  const commands: string[] = [];
  const left = [...outcomes];
  const prober = {
    probe: async (probe: NetworkProbe): Promise<ProbeOutcome> => {
      asked.push(probe);
      return left.shift() ?? { result: "Success", output: "" };
    },
  };
  const runtime = {
    execSync: async (id: string, command: readonly string[]) => {
      commands.push(`${id} ${command.join(" ")}`);
      return { exitCode, stdout: new TextEncoder().encode(stdout), stderr: new TextEncoder().encode("bad") };
    },
  };
  const runner = new HookRunner({ clock, runtime, prober, events }, { hostIps: ["192.0.2.1"] });
  const signal = new AbortController();
  const run = (handler: LifecycleHandler, pod = POD) => {
    const target = { pod, container: { name: "main" }, containerId: "c1", podIps: ["10.0.0.7"] };
    return runner.run(handler, target, signal.signal);
  };
  return { clock, events, asked, commands, run, signal };
}

test("a command that succeeds is a hook that succeeded, another one says what it came to", async () => {
  const good = world();
  assert.equal(await good.run({ exec: { command: ["hi"] } }), undefined);
  assert.deepEqual(good.commands, ["c1 hi"]);
  const message = await world([], 3).run({ exec: { command: ["hi"] } });
  assert.match(message ?? "", /failed - error: command 'hi' exited with 3: bad, message: "out bad"$/);
});

test("of what a failed command has printed a status takes so much", async () => {
  const message = (await world([], 3, "x".repeat(1_000_000)).run({ exec: { command: ["hi"] } })) ?? "";
  assert.match(message, /message: "x{2048}bad"$/);
});

test("a pod on the host's network is asked at the node's address", async () => {
  const { asked, run } = world();
  await run({ httpGet: { port: 80 } });
  await run({ httpGet: { port: 80 } }, { ...POD, spec: { containers: [], hostNetwork: true } });
  assert.deepEqual(
    asked.map((probe) => (probe as HttpProbe).host),
    ["10.0.0.7", "192.0.2.1"],
  );
});

test("a server that speaks HTTP where HTTPS is asked for gets its request, without credentials, and it is told", async () => {
  const plain = { result: "Failure", output: "http: ...", isPlainHttp: true } as const;
  const { asked, events, run } = world([plain]);
  const httpHeaders = [{ name: "Authorization", value: "secret" }];
  assert.equal(await run({ httpGet: { port: 80, scheme: "HTTPS", httpHeaders } }), undefined);
  const [, again] = asked as readonly HttpProbe[];
  assert.equal(again?.scheme, "http");
  assert.ok(!again.headers.some(({ name }) => name === "Authorization"));
  assert.equal(events.list()[0]?.reason, "LifecycleHTTPFallback");
});

test("a request that nobody answers is a failure", async () => {
  const { run } = world([{ result: "Failure", output: "connection refused" }]);
  assert.match((await run({ httpGet: { port: 80, path: "/bye" } })) ?? "", /\(\/bye\) .* connection refused$/);
});

test("a sleep takes its time, and ends when it is called off", async () => {
  const { clock, run, signal } = world();
  let done = false;
  const slept = run({ sleep: { seconds: 5 } }).then(() => {
    done = true;
  });
  await clock.pass(4_999);
  assert.equal(done, false);
  await clock.pass(1);
  await slept;
  const off = run({ sleep: { seconds: 5 } });
  await settle();
  signal.abort();
  await assert.rejects(off);
});
