import type { ManifestFile } from "./manifest-source.ts";

/** Turns manifest text (YAML or JSON, several documents) into plain values; never throws for bad text. */
export type ManifestParser = (file: ManifestFile) => ParsedManifest;

export type ParsedManifest =
  | { readonly documents: readonly ParsedDocument[] }
  | { readonly error: string; readonly line?: number };

export interface ParsedDocument {
  /** From 0, counting non-empty documents. */
  readonly index: number;
  readonly value: unknown;
  /** Line (from 1) of the value at `path` (`["spec", "containers", 0, "image"]`) or of its nearest parent. */
  lineOf(path: readonly (string | number)[]): number | undefined;
}
