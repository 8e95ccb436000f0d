/** What `tskubelet why` says, in plain words. */

import type {
  EvictionExplanation,
  ExplainedNext,
  ExplainedSignal,
  ExplainedThreshold,
  PodPlace,
  RankedPodTrace,
  RankStep,
  Remedy,
  Signal,
} from "../../core/eviction/index.ts";
import type { EvictionRecord } from "../../core/eviction/record.ts";
import { humanDuration } from "../../core/show/human-duration.ts";
import { type Row, Table } from "./table.ts";

export interface WhyNode {
  readonly atMs: number;
  readonly conditions: readonly string[];
  readonly explanation?: EvictionExplanation;
  /** "namespace/name" by UID. */
  readonly pods: Readonly<Record<string, string>>;
}

export interface WhyPod {
  readonly pod: { readonly uid: string; readonly namespace: string; readonly name: string };
  readonly places: readonly PodPlace[];
  readonly records: readonly EvictionRecord[];
  readonly pods: Readonly<Record<string, string>>;
}

const MiB = 1024 ** 2;
const STEP_WORDS: Readonly<Record<RankStep, string>> = {
  StatsMissing: "it has no figures",
  ExceedsRequest: "it alone uses more than it requested",
  Priority: "its priority is lower",
  UsageAboveRequest: "it uses more above its request",
  Usage: "it uses more",
  Uid: "they are equal, and its UID comes first",
};

export function whyNodeText({ conditions, explanation, pods }: WhyNode): string {
  if (explanation === undefined) return "The agent has not measured anything yet.\n";
  const { memory, signals } = explanation;
  const standing = explanation.conditions.filter(({ isReported }) => isReported);
  const lines = [
    conditions.length === 0 ? "Pressure:  none" : `Pressure:  ${conditions.join(", ")}`,
    ...standing.flatMap(({ type, staysMs }) =>
      staysMs === undefined ? [] : [`           ${type} stays ${duration(staysMs)} unless it is met again`],
    ),
    ...(memory === undefined ? [] : [`Memory available, three ways:  ${memoryText(memory)}`]),
    "",
    new Table().lines([
      ["SIGNAL", "AVAILABLE", "THRESHOLD", "DISTANCE", "TREND", "STATE"],
      ...signals.flatMap(signalRows),
    ]),
  ];
  const next = signals.flatMap(({ signal, next: who }) => (who === undefined ? [] : [nextText(signal, who, pods)]));
  return `${lines.join("\n")}\n${next.length === 0 ? "Nobody here may be evicted.\n" : next.join("")}`;
}

export function whyPodText({ pod, places, records, pods }: WhyPod): string {
  const head = `${pod.namespace}/${pod.name}\n`;
  const standing =
    places.length === 0
      ? "It has nothing running, so nothing would be evicted of it.\n"
      : places.map((place) => placeText(place, pods)).join("");
  const past = records.length === 0 ? "It was never evicted.\n" : `Evicted before:\n${pastText(records, pods)}`;
  return `${head}${standing}${past}`;
}

export function recordRows(records: readonly EvictionRecord[]): readonly Row[] {
  const rows = records.map((record) => {
    const { id, atMs, victim, dryRun, goneAtMs } = record;
    const took = dryRun ? "dry run" : goneAtMs === undefined ? "not over" : `${goneAtMs - atMs} ms`;
    return [id, new Date(atMs).toISOString(), `${victim.namespace}/${victim.name}`, causeText(record), took];
  });
  return [["ID", "TIME", "POD", "FOR", "GONE AFTER"], ...rows];
}

/** `neighbours`: how many on each side of the victim; absent: the whole ranking. */
export function recordText(
  record: EvictionRecord,
  pods: Readonly<Record<string, string>>,
  neighbours = Number.POSITIVE_INFINITY,
): string {
  const { victim, trace, lastLogLines } = record;
  const unit = recordUnit(record);
  const ranking = trace.choice?.ranking ?? [];
  const index = ranking.findIndex(({ uid }) => uid === victim.uid);
  const own = ranking[index];
  const rows = ranking.map(
    (each, place): Row => [
      `${place + 1}`,
      pods[each.uid] ?? (each.uid === victim.uid ? `${victim.namespace}/${victim.name}` : each.uid),
      each.hasStats ? amountOf(each.usage, unit) : "<unknown>",
      unit === "bytes" ? amountOf(each.request, unit) : "-",
      String(each.priority),
      each.aheadBy === undefined ? "" : STEP_WORDS[each.aheadBy],
    ],
  );
  const shown = index < 0 ? rows : rows.filter((_, place) => Math.abs(place - index) <= neighbours);
  const logs = Object.entries(lastLogLines).map(([name, text]) => `Last words of ${name}:\n${indent(text)}`);
  return [
    recordLine(record),
    own === undefined ? "" : `  at that time: ${usageText(own, unit)}\n`,
    shown.length === 0
      ? ""
      : new Table().lines([["RANK", "POD", "USAGE", "REQUEST", "PRIORITY", "BEFORE THE NEXT"], ...shown]),
    ...logs,
  ].join("");
}

const NEIGHBOURS = 2;

/** The last one with all that is known of it, the ones before in short. */
function pastText(records: readonly EvictionRecord[], pods: WhyPod["pods"]): string {
  return records
    .map((record, index) => (index < records.length - 1 ? recordLine(record) : recordText(record, pods, NEIGHBOURS)))
    .join("");
}

function memoryText(memory: NonNullable<EvictionExplanation["memory"]>): string {
  const { workingSetBytes, memAvailableBytes, guardedBytes, chosenBytes } = memory;
  const parts = [
    `${amountOf(workingSetBytes, "bytes")} by working set`,
    `${amountOf(memAvailableBytes, "bytes")} by the kernel (MemAvailable)`,
    `${amountOf(guardedBytes, "bytes")} guarded`,
  ];
  return `${parts.join(", ")}; ${amountOf(chosenBytes, "bytes")} counts`;
}

function signalRows({ signal, available, trendPerSecond, thresholds }: ExplainedSignal): readonly Row[] {
  const unit = unitOf(signal);
  return thresholds.map((threshold) => [
    signal,
    amountOf(available, unit),
    `${threshold.value}${threshold.graceMs > 0 ? ` for ${duration(threshold.graceMs)}` : ""}`,
    amountOf(threshold.distance, unit),
    trendPerSecond === undefined ? "-" : `${trendPerSecond > 0 ? "+" : ""}${amountOf(trendPerSecond, unit)}/s`,
    stateText(threshold),
  ]);
}

function stateText({ isMet, isHeld, graceLeftMs, reachedInMs, distance }: ExplainedThreshold): string {
  if (distance === undefined) return "not observed";
  if (graceLeftMs > 0) return `met, evicts in ${duration(graceLeftMs)}`;
  if (isMet) return "met";
  if (isHeld) return "held by its minimum reclaim";
  return reachedInMs === undefined ? "fine" : `fine, reached in ${duration(reachedInMs)} at this rate`;
}

function nextText(signal: Signal, { victim, runnerUp, passedOverUids }: ExplainedNext, pods: WhyNode["pods"]): string {
  const name = pods[victim.uid] ?? victim.uid;
  const before =
    runnerUp === undefined
      ? "nobody else could"
      : `before ${pods[runnerUp.pod.uid] ?? runnerUp.pod.uid}, because ${STEP_WORDS[runnerUp.decidedBy]}`;
  const spared = passedOverUids.length === 0 ? "" : ` (${passedOverUids.length} critical pods are passed over)`;
  return `${signal}: ${name} would go next, ${before}${spared}\n`;
}

function placeText(
  { signal, place, evictableCount, pod, previous, following, remedies }: PodPlace,
  pods: WhyPod["pods"],
): string {
  const unit = unitOf(signal);
  if (place === undefined) return `${signal}: critical, it is never evicted\n`;
  const lines = [`${signal}: number ${place} of ${evictableCount}; ${usageText(pod, unit)}`];
  if (previous !== undefined) lines.push(`  after ${pods[previous.uid] ?? previous.uid}: ${other(previous.decidedBy)}`);
  if (following !== undefined)
    lines.push(`  before ${pods[following.uid] ?? following.uid}: ${STEP_WORDS[following.decidedBy]}`);
  for (const remedy of remedies) lines.push(`  it would go later if ${remedyText(remedy, unit)}`);
  return `${lines.join("\n")}\n`;
}

function usageText({ hasStats, usage, request, priority }: RankedPodTrace, unit: Unit): string {
  if (!hasStats) return "it has no figures";
  // Nobody requests inodes or processes.
  const requested = unit === "bytes" ? `, requests ${amountOf(request, unit)}` : "";
  return `uses ${amountOf(usage, unit)}${requested}, priority ${priority}`;
}

/** The same step, told of the other one. */
function other(step: RankStep): string {
  return STEP_WORDS[step].replace("its priority", "that one's priority").replace(/^it /, "that one ");
}

function remedyText(remedy: Remedy, unit: Unit): string {
  switch (remedy.kind) {
    case "BeMeasured":
      return "it had figures";
    case "UseAtMost":
      return `it used at most ${amountOf(remedy.amount, unit)}`;
    case "RequestAtLeast":
      return `it requested at least ${amountOf(remedy.amount, unit)}`;
    case "HavePriorityAbove":
      return `its priority were above ${remedy.priority}`;
  }
}

function recordLine(record: EvictionRecord): string {
  const { id, atMs, victim, dryRun } = record;
  const what = dryRun ? "would have been evicted" : "evicted";
  return `${id}  ${new Date(atMs).toISOString()}  ${victim.namespace}/${victim.name} ${what} for ${causeText(record)}\n  ${victim.message.trim()}\n`;
}

function causeText({ cause, thresholdKey }: EvictionRecord): string {
  return cause === "LocalStorage" ? "its own storage limit" : (thresholdKey ?? "a threshold");
}

type Unit = "bytes" | "count";

function unitOf(signal: Signal): Unit {
  return signal.endsWith("inodesFree") || signal.startsWith("pid.") ? "count" : "bytes";
}

/** What the ranking of then was counted in. */
function recordUnit({ thresholdKey, trace }: EvictionRecord): Unit {
  const signal = trace.thresholds.find(({ threshold }) => threshold.key === thresholdKey)?.threshold.signal;
  return signal === undefined ? "bytes" : unitOf(signal);
}

function amountOf(value: number | undefined, unit: Unit): string {
  if (value === undefined) return "<unknown>";
  return unit === "count" ? String(Math.round(value)) : `${Math.round(value / MiB)}Mi`;
}

function duration(ms: number): string {
  return humanDuration(Math.ceil(ms / 1000) * 1000);
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `  ${line}\n`)
    .join("");
}
