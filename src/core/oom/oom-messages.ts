/**
 * What the kernel writes to its log when it kills for want of memory. Understands what cAdvisor's oomparser understands,
 * and more: a kill whose details the kernel left out because there were too many of them, and the further victims of a
 * cgroup that is killed as a whole (memory.oom.group).
 *
 * One kill is several records, which nothing else of the kind comes between (the kernel holds a lock):
 *
 *     NAME invoked oom-killer: gfp_mask=...
 *     oom-kill:constraint=CONSTRAINT_MEMCG,...,oom_memcg=LIMIT,task_memcg=CGROUP,task=NAME,pid=PID,uid=UID     (5.0 on)
 *     Task in CGROUP killed as a result of limit of LIMIT                                                     (to 4.20)
 *     Tasks in CGROUP are going to be killed due to memory.oom.group set                                     (4.19 on)
 *     Memory cgroup out of memory: Killed process PID (NAME) total-vm:...          (5.1 on; before: two records of it)
 *
 * All but the last one are left out beyond ten kills in five seconds.
 */

/** A process that the kernel has killed. */
export interface OomKill {
  /** By the wall clock. */
  readonly atMs: number;
  /** `system`: the node (or a part of it: a cpuset, a NUMA node) had no memory left; `cgroup`: a limit was reached. */
  readonly scope: "system" | "cgroup";
  readonly process: string;
  readonly pid: number;
  /** Where the victim was, as a path in the memory hierarchy; absent: the kernel did not say. */
  readonly victimCgroup?: string;
  /** Whose limit was reached, for scope `cgroup`. */
  readonly limitCgroup?: string;
}

export interface OomMessage {
  readonly atMs: number;
  readonly text: string;
}

/** What is known of the kill whose records are being read. */
export interface OomMessagesState {
  readonly startedAtMs: number;
  readonly victimCgroup?: string;
  readonly limitCgroup?: string;
  /** Was already told. */
  readonly toldPid?: number;
  /** All of `victimCgroup` is killed. */
  readonly isGroup?: boolean;
}

export const NO_OOM: OomMessagesState = { startedAtMs: -Infinity };

/** The records of one kill come within milliseconds; the dump between them may have a slow console to go through. */
const ONE_KILL_MS = 10_000;

const INVOKED = /invoked oom-killer:/;
const SUMMARY = /^oom-kill:constraint=(\w+),.*?(?:,oom_memcg=(.*))?,task_memcg=(.*),task=(.*),pid=(\d+),uid=\d+$/;
const LEGACY_PLACE = /Task in (.*) killed as a result of limit of (.*)$/;
const GROUP = /Tasks in (.*) are going to be killed due to memory\.oom\.group set/;
/** Greedy: names may have parentheses in them. */
const KILLED = /^(.*?)Killed process (\d+) \((.*)\)/;

/** One record of the kernel's log, in the order of the log. `kill`: it tells of a victim that was not told yet. */
export function stepOomMessages(
  state: OomMessagesState,
  message: OomMessage,
): { readonly state: OomMessagesState; readonly kill?: OomKill } {
  const { text, atMs } = message;
  if (INVOKED.test(text)) return { state: { startedAtMs: atMs } };
  const open = atMs - state.startedAtMs > ONE_KILL_MS ? { startedAtMs: atMs } : state;
  const summary = SUMMARY.exec(text);
  if (summary !== null) return takeSummary(open, summary, atMs);
  const legacy = LEGACY_PLACE.exec(text);
  if (legacy !== null) {
    const [, victimCgroup = "", limitCgroup = ""] = legacy;
    return { state: { ...open, victimCgroup, limitCgroup } };
  }
  const group = GROUP.exec(text);
  if (group !== null) return { state: { ...open, victimCgroup: group[1] ?? "", isGroup: true } };
  const killed = KILLED.exec(text);
  return killed === null ? { state } : takeKilled(open, killed, atMs);
}

function takeSummary(
  state: OomMessagesState,
  [, constraint, limitCgroup, victimCgroup = "", process = "", pidText]: RegExpExecArray,
  atMs: number,
): { readonly state: OomMessagesState; readonly kill: OomKill } {
  const pid = Number(pidText);
  const isLimit = constraint === "CONSTRAINT_MEMCG";
  const place = { victimCgroup, ...(isLimit && limitCgroup !== undefined ? { limitCgroup } : {}) };
  const kill: OomKill = { atMs, scope: isLimit ? "cgroup" : "system", process, pid, ...place };
  return { state: { startedAtMs: state.startedAtMs, ...place, toldPid: pid }, kill };
}

function takeKilled(
  state: OomMessagesState,
  [, prefix = "", pidText, process = ""]: RegExpExecArray,
  atMs: number,
): { readonly state: OomMessagesState; readonly kill?: OomKill } {
  const pid = Number(pidText);
  if (state.toldPid === pid) return { state: state.isGroup ? state : withoutPlace(state) };
  const { victimCgroup, limitCgroup } = state;
  const isLimit = limitCgroup !== undefined || prefix.includes("Memory cgroup out of memory");
  const kill: OomKill = {
    atMs,
    scope: isLimit ? "cgroup" : "system",
    process,
    pid,
    ...(victimCgroup === undefined ? {} : { victimCgroup }),
    ...(limitCgroup === undefined ? {} : { limitCgroup }),
  };
  return { state: state.isGroup ? { ...state, toldPid: pid } : withoutPlace({ ...state, toldPid: pid }), kill };
}

/** The kill is complete; a victim whose own details are left out must not get those of this one. */
function withoutPlace({ startedAtMs, toldPid, isGroup, victimCgroup }: OomMessagesState): OomMessagesState {
  const told = toldPid === undefined ? {} : { toldPid };
  return isGroup && victimCgroup !== undefined
    ? { startedAtMs, victimCgroup, isGroup, ...told }
    : { startedAtMs, ...told };
}
