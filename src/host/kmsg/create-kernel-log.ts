/** The kernel's log, followed through /dev/kmsg: one read gives one record. */
import { closeSync, constants, openSync, readSync } from "node:fs";
import type { Clock } from "../../ports/clock.ts";
import type { KernelLog, KernelLogRecord } from "../../ports/kernel-log.ts";
import { eventPoller } from "../ffi/event-poller.ts";
import { isErrno } from "../files/errno.ts";
import { parseKernelLogRecord } from "./kernel-log-record.ts";

export interface KernelLogOptions {
  readonly clock: Clock;
  readonly path?: string;
}

/** The kernel makes no longer records. */
const RECORD_BYTES = 8_192;
/** Where nothing wakes us when there is something to read; a look costs two microseconds. */
const POLL_MS = 1_000;
/** Reads in one turn of the event loop. */
const READS_AT_ONCE = 256;

export function createKernelLog({ clock, path = "/dev/kmsg" }: KernelLogOptions): KernelLog {
  return {
    async follow(onRecord, signal) {
      const file = openFile(path);
      if (file === undefined) return false;
      const waiter = await createWaiter(file, clock);
      try {
        // A new reader gets everything that is still in the buffer. Its times are no help to tell what is new: the
        // kernel's clock of its log and the one that programs see drift apart.
        while (readSome(file, () => {}) === "more") await clock.sleep(0, signal);
        while (!signal.aborted) {
          const outcome = readSome(file, (text) => {
            const record = toRecord(text, clock);
            if (record !== undefined) onRecord(record);
          });
          if (outcome === "broken") return false;
          // Others have their turn before a long log is read on.
          await (outcome === "more" ? clock.sleep(0, signal) : waiter.wait(signal));
        }
        return true;
      } finally {
        waiter.close();
        closeSync(file);
      }
    },
  };
}

function openFile(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

const buffer = Buffer.alloc(RECORD_BYTES);

/** Hands on what can be read without waiting. */
function readSome(fd: number, onText: (text: string) => void): "more" | "end" | "broken" {
  for (let reads = 0; reads < READS_AT_ONCE; reads++) {
    try {
      const length = readSync(fd, buffer);
      if (length === 0) return "end";
      onText(buffer.toString("utf8", 0, length));
    } catch (error) {
      if (isErrno(error, "EAGAIN")) return "end";
      // EPIPE: records were overwritten before they were read; the next read begins with the oldest that is left.
      // EINVAL: longer than any should be; it is passed over.
      if (!isErrno(error, "EPIPE", "EINVAL")) return "broken";
    }
  }
  return "more";
}

function toRecord(text: string, clock: Clock): KernelLogRecord | undefined {
  const line = parseKernelLogRecord(text);
  // Programs may write here as well, and could tell of kills that never were.
  if (line === undefined || line.facility !== 0) return undefined;
  const { sequence, level, sinceBootUs } = line;
  const ageMs = Math.max(0, (bootUs() - sinceBootUs) / 1_000);
  return { sequence, level, atMs: Math.round(clock.now() - ageMs), text: line.text };
}

/** CLOCK_MONOTONIC, which the kernel's own clock of its log runs with but for milliseconds. */
function bootUs(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

interface Waiter {
  /** Until there may be something to read, or `signal` is aborted. */
  readonly wait: (signal: AbortSignal) => Promise<unknown>;
  readonly close: () => void;
}

async function createWaiter(fd: number, clock: Clock): Promise<Waiter> {
  const polling: Waiter = { wait: (signal) => clock.sleep(POLL_MS, signal), close: () => {} };
  const poller = await eventPoller();
  if (poller === undefined) return polling;
  let wake = () => {};
  try {
    const polled = poller.add(fd, "readable", () => wake());
    return {
      wait: (signal) =>
        new Promise<void>((resolve) => {
          if (signal.aborted) return resolve();
          wake = () => {
            signal.removeEventListener("abort", wake);
            resolve();
          };
          signal.addEventListener("abort", wake, { once: true });
          polled.listen();
        }),
      close: () => polled.close(),
    };
  } catch {
    return polling;
  }
}
