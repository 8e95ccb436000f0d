/** A record of /dev/kmsg: `PRIORITY,SEQUENCE,MICROSECONDS,FLAGS[,...];TEXT\n`, then lines of details that begin with " ". */
export interface KernelLogLine {
  readonly sequence: number;
  /** 0 (emergency) to 7 (debug). */
  readonly level: number;
  /** 0: the kernel itself; others were written by programs, which can write anything. */
  readonly facility: number;
  readonly sinceBootUs: number;
  readonly text: string;
}

const RECORD = /^(\d+),(\d+),(\d+),[^;]*;([^\n]*)/;

/** `undefined`: not such a record. Source: the kernel's Documentation/ABI/testing/dev-kmsg. */
export function parseKernelLogRecord(record: string): KernelLogLine | undefined {
  const found = RECORD.exec(record);
  if (found === null) return undefined;
  const [, priorityText, sequence, sinceBootUs, text = ""] = found;
  const priority = Number(priorityText);
  return {
    sequence: Number(sequence),
    level: priority & 7,
    facility: priority >> 3,
    sinceBootUs: Number(sinceBootUs),
    text: text.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => unescaped(Number.parseInt(hex, 16))),
  };
}

/** What is printable was escaped for the escape's own sake ("\x5c"); the rest stays as it is. */
function unescaped(code: number): string {
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : `\\x${code.toString(16).padStart(2, "0")}`;
}
