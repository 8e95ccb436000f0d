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
  const lanes = signals.map((signal, index) => {
    return drawLane(signal, replays, scale, top + TITLE_HEIGHT + index * (LANE_HEIGHT + LANE_GAP));
  });
  const lanesEnd = top + TITLE_HEIGHT + signals.length * (LANE_HEIGHT + LANE_GAP);
  const bars = drawConditions(replays, scale, lanesEnd);
  const evictions = replays.flatMap((replay, index) =>
    drawEvictions(replay, index, scale, top + TITLE_HEIGHT, lanesEnd),
  );
  const span = times.length === 0 ? "no steps" : `${first / 1000} s to ${last / 1000} s`;
  const legend = replays.length > 1 ? "; solid: recorded, dashed: other" : "";
  const heading = `<text class="title" x="8" y="${top + 18}">${escapeXml(title)} (${span}${legend})</text>`;
  return { body: [heading, ...lanes, bars.body, ...evictions].join("\n"), height: lanesEnd - top + bars.height };
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
    return [...level, `<polyline points="${points}" ${stroke}/>`];
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

function drawEvictions(
  replay: FinishedReplay,
  index: number,
  x: Scale,
  top: number,
  bottom: number,
): readonly string[] {
  return replay.steps.flatMap((step) => {
    const plan = finalPlan(step);
    if (plan.kind !== "evict") return [];
    const at = x(step.atMs);
    const names = plan.victims.map(({ namespace, name }) => `${namespace}/${name}`).join(", ");
    const line = `<path d="M${at} ${top}V${bottom}" stroke="${COLORS[index]}" stroke-width="2"${DASHES[index] ?? ""}/>`;
    const isRight = at > WIDTH / 2;
    const place = `x="${isRight ? at - 4 : at + 4}" y="${top + 12 + index * 14}" text-anchor="${isRight ? "end" : "start"}"`;
    const shown = plan.victims.map(({ name }) => name).join(" ");
    const text = `<text class="small" ${place}>${escapeXml(shown)}</text>`;
    return [`<g><title>${escapeXml(`${step.atMs / 1000} s: ${names} evicted`)}</title>${line}${text}</g>`];
  });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
