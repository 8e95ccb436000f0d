import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NO_OOM, type OomKill, type OomMessagesState, stepOomMessages } from "./oom-messages.ts";

const POD = "/kubepods/burstable/pod1f3c8a0e-6f5f-4b07-9d5e-000000000001";
const CONTAINER = `${POD}/ef807430361e6e82b45db92e2e9b6fbec98f419b12c591e655c1a725565e73a8`;

function kills(...records: readonly (string | readonly [atMs: number, text: string])[]): readonly OomKill[] {
  let state: OomMessagesState = NO_OOM;
  return records.flatMap((record) => {
    const [atMs, text] = typeof record === "string" ? [1_000, record] : record;
    const result = stepOomMessages(state, { atMs, text });
    state = result.state;
    return result.kill === undefined ? [] : [result.kill];
  });
}

const invoked = "hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=1000";
const memcg = (victim: string, limit: string, task = "hog", pid = 77) =>
  `oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,oom_memcg=${limit},task_memcg=${victim},task=${task},pid=${pid},uid=0`;
const killed = (pid: number, name = "hog") =>
  `Memory cgroup out of memory: Killed process ${pid} (${name}) total-vm:1460016kB, anon-rss:1414008kB, file-rss:4kB, shmem-rss:0kB, UID:0 pgtables:120kB oom_score_adj:1000`;

describe("a kernel of today", () => {
  it("tells one kill of a limit once, with both cgroups", () => {
    assert.deepEqual(kills(invoked, "Call Trace:", " ? dump_stack+0x45/0x56", memcg(CONTAINER, POD), killed(77)), [
      { atMs: 1_000, scope: "cgroup", process: "hog", pid: 77, victimCgroup: CONTAINER, limitCgroup: POD },
    ]);
  });

  it("tells a kill of the whole system with the cgroup of its victim", () => {
    const text = `oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=${CONTAINER},task=hog,pid=77,uid=1000`;
    const last =
      "Out of memory: Killed process 77 (hog) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:1000";
    assert.deepEqual(kills(invoked, text, last), [
      { atMs: 1_000, scope: "system", process: "hog", pid: 77, victimCgroup: CONTAINER },
    ]);
  });

  it("counts a cpuset or a NUMA node without memory as the system", () => {
    for (const constraint of ["CONSTRAINT_CPUSET", "CONSTRAINT_MEMORY_POLICY"]) {
      const text = `oom-kill:constraint=${constraint},nodemask=0,cpuset=/,mems_allowed=0,global_oom,task_memcg=/,task=hog,pid=7,uid=0`;
      assert.deepEqual(
        kills(invoked, text).map(({ scope }) => scope),
        ["system"],
      );
    }
  });

  it("copes with names that have commas, spaces and parentheses in them", () => {
    for (const name of ["Plex Media Server", "a,b", "()", "[", '"q"', "x=1"]) {
      assert.equal(kills(invoked, memcg(CONTAINER, POD, name))[0]?.process, name);
      assert.equal(kills(killed(5, name))[0]?.process, name);
    }
  });

  it("tells every victim of a cgroup that is killed as a whole", () => {
    const group = `Tasks in ${CONTAINER} are going to be killed due to memory.oom.group set`;
    assert.deepEqual(
      kills(invoked, memcg(CONTAINER, POD), killed(77), group, killed(77), killed(78), killed(79)).map(
        ({ pid, victimCgroup }) => [pid, victimCgroup],
      ),
      [
        [77, CONTAINER],
        [78, CONTAINER],
        [79, CONTAINER],
      ],
    );
  });

  it("tells a kill whose details the kernel left out, without those of another one", () => {
    assert.deepEqual(kills(invoked, memcg(CONTAINER, POD), killed(77), killed(80, "late"))[1], {
      atMs: 1_000,
      scope: "cgroup",
      process: "late",
      pid: 80,
    });
    assert.equal(kills("Out of memory: Killed process 9 (x) total-vm:1kB")[0]?.scope, "system");
  });
});

describe("older kernels", () => {
  const legacy = [
    invoked,
    `Task in ${CONTAINER} killed as a result of limit of ${POD}`,
    "memory: usage 980kB, limit 980kB, failcnt 4152239",
    "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name",
    "[13536] 275858 13536  8389663      343   16267  8324326             0 hog",
    "Memory cgroup out of memory: Kill process 13536 (hog) score 996 or sacrifice child",
    "Killed process 13536 (hog) total-vm:33558652kB, anon-rss:920kB, file-rss:452kB",
  ];

  it("tell a kill of a limit (3.13)", () => {
    assert.deepEqual(kills(...legacy), [
      { atMs: 1_000, scope: "cgroup", process: "hog", pid: 13536, victimCgroup: CONTAINER, limitCgroup: POD },
    ]);
  });

  it("tell a kill of the system (3.13), also as RHEL writes it", () => {
    const lines = [
      invoked,
      "Out of memory: Kill process 1532 (badsysprogram) score 919 or sacrifice child",
      "Killed process 1532 (badsysprogram), UID 0, total-vm:1641388kB, anon-rss:1595164kB, file-rss:76kB",
    ];
    assert.deepEqual(kills(...lines), [{ atMs: 1_000, scope: "system", process: "badsysprogram", pid: 1532 }]);
  });
});

describe("what is no kill", () => {
  it("is passed over", () => {
    assert.deepEqual(kills(invoked, "Call Trace:", "oom_reaper: reaped process 77 (hog), now anon-rss:0kB"), []);
    assert.deepEqual(kills("device eth0 entered promiscuous mode", "oom-kill:constraint=garbage"), []);
    assert.deepEqual(
      kills(`Memory cgroup out of memory: OOM victim 5 (x) is already exiting. Skip killing the task`),
      [],
    );
  });

  it("does not lend its cgroup to a kill of much later", () => {
    const place = `Task in ${CONTAINER} killed as a result of limit of ${POD}`;
    const [kill] = kills([0, invoked], [1, place], [60_000, "Out of memory: Killed process 9 (x) total-vm:1kB"]);
    assert.equal(kill?.victimCgroup, undefined);
    assert.equal(kill?.scope, "system");
  });
});
