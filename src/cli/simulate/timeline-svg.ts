/** Replays as a picture: for each scenario its signals with their thresholds, the evictions, and the node's conditions. */
import {
  type FinishedReplay,
  finalPlan,
  PRESSURE_CONDITIONS,
  type PressureCondition,
  SIGNAL_NAMES,
  SIGNALS,
  type Signal,
} from "../../core/eviction/index.ts";

export interface TimelinePanel {
  readonly title: string;
  /** One or two; the second is drawn dashed. */
  readonly replays: readonly FinishedReplay[];
}

const MI = 1024 * 1024;
const WIDTH = 960;
const LEFT = 190;
const RIGHT = 20;
const TITLE_HEIGHT = 28;
const LANE_HEIGHT = 90;
const LANE_GAP = 14;
const BAR_HEIGHT = 10;
const BAR_GAP = 4;
const AXIS_HEIGHT = 20;
const AXIS_TICKS = 6;
const ROW_HEIGHT = 14;
/** More evictions are only counted. */
const MOST_LISTED = 30;
/** So many steps are shown as points, too; more of them would only be a thicker line. */
const MOST_POINTS = 60;
const COLORS = ["#1f77b4", "#d62728"];
const DASHES = ["", ' stroke-dasharray="5 3"'];
const THRESHOLD_COLORS = ["#7f7f7f", "#e377c2"];
const CONDITION_COLORS: Readonly<Record<PressureCondition, string>> = {
  DiskPressure: "#8c564b",
  MemoryPressure: "#ff7f0e",
  PIDPressure: "#9467bd",
};

/** One document with a panel for each scenario, from top to bottom. */
export function timelineSvg(panels: readonly TimelinePanel[]): string {
  const drawn: string[] = [];
  let top = 0;
  for (const panel of panels) {
    const { body, height } = drawPanel(panel, top);
    drawn.push(body);
    top += height;
  }
  const height = Math.max(top, TITLE_HEIGHT);
  const style = "text{font:12px sans-serif;fill:#222}.small{font-size:10px}.title{font-weight:bold}";
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}">`,
    `<style>${style}</style><rect width="100%" height="100%" fill="#fff"/>`,
    ...drawn,
    "</svg>\n",
  ].join("\n");
}

interface Drawn {
  readonly body: string;
  readonly height: number;
}

function drawPanel({ title, replays }: TimelinePanel, top: number): Drawn {
  const times = replays.flatMap(({ steps }) => steps.map(({ atMs }) => atMs));
  const first = times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const last = times.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const scale = (ms: number) => round(LEFT + ((ms - first) / Math.max(1, last - first)) * (WIDTH - LEFT - RIGHT));
  const signals = SIGNAL_NAMES.filter((signal) => replays.some((replay) => seriesOf(replay, signal).length > 0));
  const marks = evictionMarks(replays);
  const lanesTop = top + TITLE_HEIGHT + (marks.length > 0 ? replays.length * ROW_HEIGHT : 0);
  const lanes = signals.map((signal, index) => {
    return drawLane(signal, replays, scale, lanesTop + index * (LANE_HEIGHT + LANE_GAP));
  });
  const lanesEnd = lanesTop + signals.length * (LANE_HEIGHT + LANE_GAP) - LANE_GAP;
  const axis = times.length === 0 ? "" : drawAxis(first, last, scale, lanesEnd);
  const bars = drawConditions(replays, scale, lanesEnd + AXIS_HEIGHT);
  const list = listEvictions(marks, replays.length > 1, lanesEnd + AXIS_HEIGHT + bars.height);
  const lines = marks.map((mark) => drawMark(mark, scale, top + TITLE_HEIGHT, lanesTop, lanesEnd));
  const legend = replays.length > 1 ? "; blue: recorded, red: other" : "";
  const text = `${title}${times.length === 0 ? ": no steps" : ""}${legend}; level lines: thresholds`;
  const heading = `<text class="title" x="8" y="${top + 18}">${escapeXml(text)}</text>`;
  return {
    body: [heading, ...lanes, axis, bars.body, ...lines, list.body].join("\n"),
    height: lanesEnd - top + AXIS_HEIGHT + bars.height + list.height + LANE_GAP,
  };
}

/** Times at round distances. */
function drawAxis(first: number, last: number, x: Scale, top: number): string {
  const wanted = Math.max(1, last - first) / AXIS_TICKS;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = ([1, 2, 5].find((factor) => factor * power >= wanted) ?? 10) * power;
  const ticks: string[] = [];
  for (let at = Math.ceil(first / step) * step; at <= last; at += step) {
    const label = `<text class="small" x="${x(at)}" y="${top + 14}" text-anchor="middle">${round(at / 1000)} s</text>`;
    ticks.push(`<path d="M${x(at)} ${top}v4" stroke="#222"/>${label}`);
  }
  return ticks.join("\n");
}

interface Point {
  readonly atMs: number;
  readonly available: number;
  readonly amounts: readonly number[];
}

function seriesOf({ steps }: FinishedReplay, signal: Signal): readonly Point[] {
  return steps.flatMap(({ atMs, first }) => {
    const assessed = first.trace.thresholds.filter(({ threshold }) => threshold.signal === signal);
    const available = assessed[0]?.available;
    if (available === undefined) return [];
    return [{ atMs, available, amounts: assessed.flatMap(({ amount }) => amount ?? []) }];
  });
}

function shownAmount(signal: Signal, amount: number): string {
  return SIGNALS[signal].format === "BinarySI" ? `${round(amount / MI)} Mi` : String(amount);
}

type Scale = (ms: number) => number;

/** What is available over time, and the thresholds as level lines. */
function drawLane(signal: Signal, replays: readonly FinishedReplay[], x: Scale, top: number): string {
  const all = replays.map((replay) => seriesOf(replay, signal));
  const highest = Math.max(1, ...all.flat().flatMap(({ available, amounts }) => [available, ...amounts]));
  const y = (amount: number) => round(top + LANE_HEIGHT - (Math.max(0, amount) / highest) * LANE_HEIGHT);
  const frame = `<rect x="${LEFT}" y="${top}" width="${WIDTH - LEFT - RIGHT}" height="${LANE_HEIGHT}" fill="#f6f6f6"/>`;
  const label = `<text x="8" y="${top + 14}">${signal}</text><text class="small" x="8" y="${top + 28}">0 to ${shownAmount(signal, highest)}</text>`;
  const lines = all.flatMap((series, index) => {
    const points = series.map(({ atMs, available }) => `${x(atMs)},${y(available)}`).join(" ");
    const levels = new Set(series.flatMap(({ amounts }) => amounts.map(y)));
    const level = [...levels].map(
      (at) => `<path d="M${LEFT} ${at}H${WIDTH - RIGHT}" stroke="${THRESHOLD_COLORS[index]}"${DASHES[index] ?? ""}/>`,
    );
    const stroke = `fill="none" stroke="${COLORS[index]}" stroke-width="1.5"${DASHES[index] ?? ""}`;
    const dots = series.length > MOST_POINTS ? [] : series;
    const circles = dots.map(({ atMs, available }) => {
      return `<circle cx="${x(atMs)}" cy="${y(available)}" r="2" fill="${COLORS[index]}"/>`;
    });
    return [...level, `<polyline points="${points}" ${stroke}/>`, ...circles];
  });
  return [frame, label, ...lines].join("\n");
}

/** Bars while a condition is reported: until the next step. */
function drawConditions(replays: readonly FinishedReplay[], x: Scale, top: number): Drawn {
  const rows: string[] = [];
  for (const condition of PRESSURE_CONDITIONS) {
    replays.forEach(({ steps }, index) => {
      const bars = steps.flatMap((step, at) => {
        if (!(step.second ?? step.first).state.conditions.includes(condition)) return [];
        const from = x(step.atMs);
        const until = x(steps[at + 1]?.atMs ?? step.atMs);
        const opacity = index === 0 ? "1" : "0.5";
        const y = top + rows.length * (BAR_HEIGHT + BAR_GAP);
        const size = `width="${Math.max(1, until - from)}" height="${BAR_HEIGHT}"`;
        return [`<rect x="${from}" y="${y}" ${size} fill="${CONDITION_COLORS[condition]}" opacity="${opacity}"/>`];
      });
      if (bars.length === 0) return;
      const y = top + rows.length * (BAR_HEIGHT + BAR_GAP) + BAR_HEIGHT - 1;
      const policy = replays.length === 1 ? "" : index === 0 ? ", recorded" : ", other";
      rows.push([`<text class="small" x="8" y="${y}">${condition}${policy}</text>`, ...bars].join("\n"));
    });
  }
  return { body: rows.join("\n"), height: rows.length * (BAR_HEIGHT + BAR_GAP) + LANE_GAP };
}

interface EvictionMark {
  /** From 1, in the order of time. */
  readonly number: number;
  readonly atMs: number;
  readonly replay: number;
  readonly victims: readonly { readonly namespace: string; readonly name: string }[];
}

function evictionMarks(replays: readonly FinishedReplay[]): readonly EvictionMark[] {
  const all = replays.flatMap(({ steps }, replay) =>
    steps.flatMap((step) => {
      const plan = finalPlan(step);
      return plan.kind === "evict" ? [{ atMs: step.atMs, replay, victims: plan.victims }] : [];
    }),
  );
  const sorted = all.toSorted((a, b) => a.atMs - b.atMs || a.replay - b.replay);
  return sorted.map((mark, index) => ({ ...mark, number: index + 1 }));
}

/** A line through all signals, and its number above them; names would lie over each other. */
function drawMark(mark: EvictionMark, x: Scale, numbersTop: number, lanesTop: number, bottom: number): string {
  const { number, atMs, replay, victims } = mark;
  const at = x(atMs);
  const color = COLORS[replay];
  const row = numbersTop + replay * ROW_HEIGHT;
  const line = `<path d="M${at} ${lanesTop}V${bottom}" stroke="${color}" stroke-width="2"${DASHES[replay] ?? ""}/>`;
  const text = `<text class="small" x="${at}" y="${row + 9}" text-anchor="middle" style="fill:${color}">${number}</text>`;
  const about = `${atMs / 1000} s: ${namesOf(victims)} evicted`;
  return `<g><title>${escapeXml(about)}</title>${line}${text}</g>`;
}

function listEvictions(marks: readonly EvictionMark[], withPolicy: boolean, top: number): Drawn {
  const rows = marks.slice(0, MOST_LISTED).map(({ number, atMs, replay, victims }) => {
    const policy = withPolicy ? (replay === 0 ? ", recorded" : ", other") : "";
    return `${number}: ${atMs / 1000} s${policy}: ${namesOf(victims)}`;
  });
  if (marks.length > MOST_LISTED) rows.push(`and ${marks.length - MOST_LISTED} more evictions`);
  const texts = rows.map((row, index) => {
    const color = COLORS[marks[index]?.replay ?? 0];
    return `<text class="small" x="${LEFT}" y="${top + (index + 1) * ROW_HEIGHT}" style="fill:${color}">${escapeXml(row)}</text>`;
  });
  if (texts.length > 0) texts.unshift(`<text class="small" x="8" y="${top + ROW_HEIGHT}">evicted</text>`);
  return { body: texts.join("\n"), height: rows.length * ROW_HEIGHT };
}

function namesOf(victims: EvictionMark["victims"]): string {
  return victims.map(({ namespace, name }) => (namespace === "" ? name : `${namespace}/${name}`)).join(", ");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
