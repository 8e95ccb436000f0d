/**
 * Where manifests come from: a directory, an HTTP URL. The source reads and parses text; what it means (decode,
 * default, validate, who keeps a name) is decided in core.
 */
export interface ManifestSource {
  /** What the files are for: static pods ("file", "http") or standalone objects ("manifests"). */
  readonly kind: "file" | "http" | "manifests";
  /** Where they come from, for messages: a directory or a URL. */
  readonly location: string;
  /**
   * Calls `onSnapshot` with everything there is, first once and then after each change, until `signal` is aborted.
   * A source that cannot be read reports it as `unreadable`; it never hides files that it could not read.
   */
  run(onSnapshot: (snapshot: ManifestSnapshot) => void, signal: AbortSignal): Promise<void>;
}

export type ManifestSnapshot =
  | { readonly files: readonly ManifestFile[] }
  /** The whole source could not be read: what was known stays. `message` tells why. */
  | { readonly unreadable: string };

/** One file (or URL body). Ordered by path in a snapshot; what did not change is the same object as in the one before. */
export interface ManifestFile {
  readonly path: string;
  readonly modifiedAtMs: number;
  /** The whole text; `undefined` with `problem` set when it could not be read. */
  readonly text: string | undefined;
  readonly problem?: string;
}
