/**
 * `npm run conformance -- DIR`: runs every `*.ndjson` and `*.ndjson.gz` of DIR (default: this folder) through
 * production code and compares with what the reference kubelet returned.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { gunzipSync } from "node:zlib";
import type { ConformanceCase, Topic } from "./case.ts";

const HERE = import.meta.dirname;
const MAX_TEXT = 2000;

interface Tally {
  passed: number;
  failed: number;
}

async function loadTopic(name: string): Promise<Topic | undefined> {
  const path = join(HERE, "topics", `${name}.ts`);
  if (!/^[a-z]+$/.test(name) || !existsSync(path)) return undefined;
  const module: { readonly topic?: Topic } = await import(path);
  return module.topic;
}

function readLines(path: string): string[] {
  const bytes = readFileSync(path);
  const text = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  return text.split("\n").filter((line) => line.trim() !== "");
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? "undefined";
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${text.length} characters)` : text;
}

function reportFailure(topic: string, name: string, expected: unknown, actual: unknown): void {
  console.log(`FAIL ${topic} ${name}\n  expected ${shorten(expected)}\n  actual   ${shorten(actual)}`);
}

/** Undefined properties mean "not set", as absent ones do: both sides are compared as JSON would carry them. */
function plain(value: unknown): unknown {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}

function runLine(topic: Topic, topicName: string, text: string, tally: Tally): void {
  const line: Readonly<Record<string, unknown>> = JSON.parse(text);
  const testCase: ConformanceCase = { name: String(line["name"]), input: line["input"], expected: line["expected"] };
  try {
    const outcome = topic(testCase, line);
    const expected = plain("expected" in outcome ? outcome.expected : testCase.expected);
    const actual = plain(outcome.actual);
    if (isDeepStrictEqual(actual, expected)) {
      tally.passed += 1;
      return;
    }
    reportFailure(topicName, testCase.name, expected, actual);
  } catch (error) {
    reportFailure(topicName, testCase.name, testCase.expected, {
      threw: error instanceof Error ? error.stack : String(error),
    });
  }
  tally.failed += 1;
}

async function main(dir: string, only: string | undefined): Promise<number> {
  const files = readdirSync(dir)
    .filter((file) => /\.ndjson(\.gz)?$/.test(file))
    .sort();
  if (files.length === 0) {
    console.error(`no *.ndjson or *.ndjson.gz file in ${dir}`);
    return 1;
  }
  const tallies = new Map<string, Tally>();
  for (const file of files) {
    const name = file.replace(/\.ndjson(\.gz)?$/, "").split("-")[0] ?? file;
    if (only !== undefined && name !== only) continue;
    const tally = tallies.get(name) ?? { passed: 0, failed: 0 };
    tallies.set(name, tally);
    const topic = await loadTopic(name);
    const lines = readLines(join(dir, file));
    if (topic === undefined) {
      console.log(`FAIL ${name} ${file}: unknown topic, ${lines.length} cases not run`);
      tally.failed += lines.length;
      continue;
    }
    for (const line of lines) runLine(topic, name, line, tally);
  }
  for (const [name, { passed, failed }] of tallies) console.log(`${name}: ${passed} passed, ${failed} failed`);
  return [...tallies.values()].some((tally) => tally.failed > 0) ? 1 : 0;
}

process.exitCode = await main(process.argv[2] ?? HERE, process.argv[3]);
