/** The kernel's own log (/dev/kmsg). */
export interface KernelLogRecord {
  /** Of the kernel's counting; a gap means that records were overwritten before they were read. */
  readonly sequence: number;
  /** 0 (emergency) to 7 (debug). */
  readonly level: number;
  /** By the wall clock, as near as the kernel's own clock allows. */
  readonly atMs: number;
  /** One line, without a line break; what is not printable is escaped as the kernel escapes it. */
  readonly text: string;
}

export interface KernelLog {
  /**
   * Calls `onRecord`, which must not throw, for what the kernel logs from now on, in order. Resolves `true` when `signal`
   * was aborted, `false` as soon as the log cannot be read (any more). Never rejects.
   */
  follow(onRecord: (record: KernelLogRecord) => void, signal: AbortSignal): Promise<boolean>;
}
