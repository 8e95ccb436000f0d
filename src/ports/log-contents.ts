/** Reading container logs while they grow and are rotated. */
export interface LogContents {
  /** `undefined`: there is no such file. Rejects with `HostError` when it cannot be opened. */
  open(path: string): Promise<OpenLog | undefined>;
  /**
   * Calls `onChange` when the log or what stands beside it may have changed, rather too often than not at all; returns
   * how to end that. Where the system cannot tell, nothing is called: look again from time to time.
   */
  watch(path: string, onChange: () => void): () => void;
}

/** One open log; it stays the same file when its name goes to another one. */
export interface OpenLog {
  sizeBytes(): Promise<number>;
  /** At most `length` bytes from `offset`; empty at the end. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Another file has the log's name by now. `false` while none has it. */
  isReplaced(): Promise<boolean>;
  close(): Promise<void>;
}
