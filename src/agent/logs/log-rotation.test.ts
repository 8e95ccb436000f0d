import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../test/support/fakes-clock.ts";
import { FakeLog, FakeLogFiles } from "../../../test/support/fakes-ports.ts";
import { containerOfPod, FakeRuntime } from "../../../test/support/fakes-runtime.ts";
import { toRuntimeContainerStatus } from "../../core/cri/container-status.ts";
import type { RuntimePodStatus } from "../../core/pod/runtime-status.ts";
import { HostError, RuntimeError } from "../../ports/errors.ts";
import { LogRotation } from "./log-rotation.ts";

const pathOf = (uid: string) => `/logs/default_${uid}_${uid}/main/0.log`;

function world(...uids: readonly string[]) {
  const clock = new FakeClock(Date.UTC(2026, 0, 2, 3, 4, 5));
  const log = new FakeLog();
  const runtime = new FakeRuntime(clock);
  const logFiles = new FakeLogFiles();
  const statuses = new Map<string, RuntimePodStatus>();
  for (const uid of uids) {
    const container = toRuntimeContainerStatus(containerOfPod(uid, `c-${uid}`, "main"), "s");
    const exited = { ...container, id: `old-${uid}`, name: "old", state: "CONTAINER_EXITED" as const };
    const pod = { uid, name: uid, namespace: "default", ips: [], sandboxStatuses: [] };
    statuses.set(uid, { ...pod, containerStatuses: [container, exited] });
    logFiles.files.set(pathOf(uid), 1_000);
    logFiles.files.set(`/logs/default_${uid}_${uid}/old/0.log`, 5_000);
  }
  const pleg = { knownPods: () => [...statuses.keys()], peek: (uid: string) => statuses.get(uid) };
  const policy = { maxSizeBytes: 1_000, maxFiles: 3 };
  const rotation = new LogRotation(
    { clock, log, runtime: runtime.service, logFiles, pleg },
    { policy, periodMs: 10_000, logRoot: "/logs" },
  );
  const files = (uid: string) =>
    [...logFiles.files.keys()]
      .filter((path) => path.startsWith(pathOf(uid)))
      .map((path) => path.slice(pathOf(uid).length));
  return { clock, log, runtime, logFiles, rotation, files };
}

test("a log that is large enough is renamed and the runtime told to open a new one; a smaller or ended one is left", async () => {
  const { runtime, logFiles, rotation, files } = world("a", "b");
  logFiles.files.set(pathOf("b"), 999);
  await rotation.rotateAll();
  assert.deepEqual([files("a"), files("b"), runtime.calls], [[".20260102-030405"], [""], ["reopenContainerLog c-a"]]);
});

test("older files are compressed, the oldest removed", async () => {
  const { clock, logFiles, rotation, files } = world("a");
  for (let turn = 0; turn < 4; turn += 1) {
    await rotation.rotateAll();
    logFiles.files.set(pathOf("a"), 2_000);
    await clock.pass(1_000);
  }
  assert.deepEqual(files("a").sort(), ["", ".20260102-030407.gz", ".20260102-030408"]);
});

test("where the runtime opens no new log the old one gets its name back, and the next pod's turn comes", async () => {
  const { log, runtime, rotation, files } = world("a", "b");
  runtime.before = (call, id) => {
    if (call === "reopenContainerLog" && id === "c-a") throw new RuntimeError("Unknown", call, "no");
    return undefined;
  };
  await rotation.rotateAll();
  assert.deepEqual([files("a"), files("b").length, log.lines], [[""], 1, ["warn: log not rotated"]]);
  assert.deepEqual(runtime.calls, ["reopenContainerLog c-a", "reopenContainerLog c-b"]);
});

test("a log that vanished is opened anew", async () => {
  const { runtime, logFiles, rotation } = world("a");
  logFiles.files.delete(pathOf("a"));
  await rotation.rotateAll();
  assert.deepEqual(runtime.calls, ["reopenContainerLog c-a"]);
});

test("it looks once in a period, a failure included, until it is told to end", async () => {
  const { clock, log, logFiles, rotation } = world("a");
  logFiles.size = async (path) => {
    throw new HostError("Other", path, "input/output error");
  };
  const stop = new AbortController();
  await rotation.start(stop.signal);
  await clock.pass(30_000);
  assert.equal(log.lines.length, 3);
  stop.abort();
  await rotation.stop();
  assert.equal(clock.pendingTimers, 0);
});
