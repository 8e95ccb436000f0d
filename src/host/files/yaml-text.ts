import { type Document, Lexer, LineCounter, parseAllDocuments, type YAMLError } from "yaml";
import type { ManifestNode } from "../../core/manifest/manifest-node.ts";
import { YamlConverter } from "./yaml-converter.ts";

/** One YAML document: its value, or what is wrong with it. `line` counts from 1; 0 when unknown. */
export type YamlDocument = ManifestNode | YamlError;

export interface YamlError {
  readonly error: string;
  readonly line: number;
}

/**
 * Of a text: the parser takes microseconds and a kilobyte for each, and nothing else of the agent runs meanwhile. A
 * thousand pods have half as many.
 */
const MAX_TOKENS = 400_000;

/** Tokens of the lexer's own, which are not in the text: document, end of a flow collection, scalar. */
const MARKS: ReadonlySet<string> = new Set(["\u0002", "\u0018", "\u001f"]);

/** Characters that YAML does not allow at all. Source: gopkg.in/yaml.v2 readerc.go. */
const FORBIDDEN = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}\ufeff]/u;

/**
 * All documents of a YAML text, read as sigs.k8s.io/yaml does (YAML 1.1 scalars, the last of equal keys wins, merge keys,
 * bounded aliases). Messages follow gopkg.in/yaml.v2 as far as the parser tells the same faults apart.
 */
export function parseYaml(text: string): readonly YamlDocument[] {
  const source = text.startsWith("\ufeff") ? text.slice(1) : text;
  const excess = excessOf(source);
  if (excess !== undefined) return [excess];
  const lines = new LineCounter();
  const documents = parseSafely(source, lines);
  if (!Array.isArray(documents)) return [documents as YamlError];
  const converter = new YamlConverter((offset) => lines.linePos(offset).line);
  const forbidden = FORBIDDEN.exec(source)?.index;
  return documents.map((document: Document.Parsed, index) => {
    const end = documents[index + 1]?.range[0] ?? source.length;
    if (forbidden !== undefined && forbidden < end) {
      return { error: "yaml: control characters are not allowed", line: lines.linePos(forbidden).line };
    }
    const fault = document.errors[0];
    return fault === undefined ? converter.convert(document) : faultOf(fault, lines);
  });
}

/** Counts before anything is built of the text. */
function excessOf(source: string): YamlError | undefined {
  // Every other token at least has a character.
  if (source.length < MAX_TOKENS / 2) return undefined;
  let count = 0;
  let offset = 0;
  for (const token of new Lexer().lex(source)) {
    count += 1;
    if (!MARKS.has(token)) offset += token.length;
    if (count > MAX_TOKENS) {
      const line = source.slice(0, offset).split("\n").length;
      return { error: `yaml: too many values for one file: more than ${MAX_TOKENS} tokens`, line };
    }
  }
  return undefined;
}

function parseSafely(source: string, lines: LineCounter): readonly Document.Parsed[] | YamlError {
  try {
    const parsed = parseAllDocuments(source, {
      schema: "failsafe",
      version: "1.1",
      uniqueKeys: false,
      prettyErrors: false,
      lineCounter: lines,
      logLevel: "silent",
    });
    return Array.isArray(parsed) ? parsed : [];
  } catch (error) {
    // The parser is recursive: text nested by the ten thousand ends in a RangeError instead of an error of its own.
    return { error: `yaml: ${error instanceof RangeError ? "exceeded max depth" : String(error)}`, line: 0 };
  }
}

/** Faults that the reference finds while it scans; it counts their lines from 1 and those of all others from 0. */
const SCANNER_WORDS: Readonly<Partial<Record<YAMLError["code"], string>>> = {
  TAB_AS_INDENT: "found character that cannot start any token",
  BAD_SCALAR_START: "found character that cannot start any token",
  BLOCK_AS_IMPLICIT_KEY: "mapping values are not allowed in this context",
  MULTILINE_IMPLICIT_KEY: "could not find expected ':'",
  BAD_DQ_ESCAPE: "found unknown escape character",
};

/** Source: gopkg.in/yaml.v2 decode.go fail. */
function faultOf(fault: YAMLError, lines: LineCounter): YamlError {
  const line = lines.linePos(fault.pos[0]).line;
  if (fault.code === "RESOURCE_EXHAUSTION") return { error: "yaml: exceeded max depth", line };
  const isOpenQuote = fault.code === "MISSING_CHAR" && fault.message.includes("quote");
  const scanner = isOpenQuote ? "found unexpected end of stream" : SCANNER_WORDS[fault.code];
  const shownLine = scanner !== undefined && line > 1 ? line : line - 1;
  const where = shownLine > 0 ? `line ${shownLine}: ` : "";
  return { error: `yaml: ${where}${scanner ?? parserWords(fault.message)}`, line };
}

function parserWords(message: string): string {
  if (/flow seq/i.test(message)) return "did not find expected ',' or ']'";
  return /flow map/i.test(message) ? "did not find expected ',' or '}'" : "did not find expected key";
}
