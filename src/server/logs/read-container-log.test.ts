import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { LogReadOptions } from "../../core/logs/log-reader.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LogContents, OpenLog } from "../../ports/log-contents.ts";
import { type ContainerLogPorts, readContainerLog } from "./read-container-log.ts";

const PATH = "/logs/0.log";

/** Files that exist only here: what `path` leads to can be written and replaced. */
class Disk {
  #current = { text: "" };
  #onChange: () => void = () => {};
  openFiles = 0;

  write(...lines: readonly string[]): void {
    this.#current.text += lines.map((line) => `2024-01-01T00:00:00Z stdout F ${line}\n`).join("");
    this.#onChange();
  }

  /** What the runtime's rotation does; the old file can still be written through the result. */
  rotate(): { text: string } {
    const old = this.#current;
    this.#current = { text: "" };
    this.#onChange();
    return old;
  }

  readonly contents: LogContents = {
    open: async () => this.#open(),
    watch: (_path, onChange) => {
      this.#onChange = onChange;
      return () => {
        this.#onChange = () => {};
      };
    },
  };

  #open(): OpenLog {
    const file = this.#current;
    this.openFiles += 1;
    return {
      sizeBytes: async () => file.text.length,
      read: async (offset, length) => Buffer.from(file.text.slice(offset, offset + length)),
      isReplaced: async () => file !== this.#current,
      close: async () => {
        this.openFiles -= 1;
      },
    };
  }
}

/** Sleeps end when the test says so, or when aborted. */
class ManualClock implements Clock {
  #sleepers: (() => void)[] = [];
  now = () => 0;
  monotonic = () => 0;
  after = () => () => {};

  sleep(_ms: number, signal?: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal?.aborted) resolve(false);
      signal?.addEventListener("abort", () => resolve(false), { once: true });
      this.#sleepers.push(() => resolve(true));
    });
  }

  wake(): void {
    for (const sleeper of this.#sleepers.splice(0)) sleeper();
  }
}

class Reading {
  readonly disk = new Disk();
  readonly clock = new ManualClock();
  readonly abort = new AbortController();
  isRunning = true;
  text = "";
  isDone = false;

  start(options: Partial<LogReadOptions>): void {
    void this.#run({ follow: false, timestamps: false, ...options });
  }

  async #run(options: LogReadOptions): Promise<void> {
    const { disk, clock } = this;
    const ports: ContainerLogPorts = {
      clock,
      contents: disk.contents,
      isRunning: async () => this.isRunning,
      onContainerChange: () => () => {},
    };
    const file = await disk.contents.open(PATH);
    assert.ok(file);
    for await (const bytes of readContainerLog(file, PATH, options, ports, this.abort.signal)) {
      this.text += Buffer.from(bytes).toString();
    }
    this.isDone = true;
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<string> {
    for (let round = 0; round < 20; round += 1) await turn();
    return this.text.replaceAll("\n", " ").trim();
  }
}

describe("log of a container", () => {
  it("is read to its end, or only its last lines", async () => {
    const all = new Reading();
    all.disk.write("a", "b", "c");
    all.start({});
    assert.equal(await all.settle(), "a b c");
    const tail = new Reading();
    tail.disk.write("a", "b", "c");
    tail.start({ tailLines: 2 });
    assert.equal(await tail.settle(), "b c");
    assert.deepEqual([all.isDone, tail.isDone, all.disk.openFiles, tail.disk.openFiles], [true, true, 0, 0]);
  });

  it("is followed until the container ended and everything it wrote is read", async () => {
    const reading = new Reading();
    reading.disk.write("a");
    reading.start({ follow: true });
    assert.equal(await reading.settle(), "a");
    reading.disk.write("b");
    assert.equal(await reading.settle(), "a b");
    reading.isRunning = false;
    reading.disk.write("last");
    assert.equal(await reading.settle(), "a b last");
    assert.equal(reading.isDone, false);
    reading.clock.wake();
    await reading.settle();
    assert.deepEqual([reading.isDone, reading.disk.openFiles], [true, 0]);
  });

  it("is followed over a rotation with what came late to the old file", async () => {
    const reading = new Reading();
    reading.disk.write("a");
    reading.start({ follow: true });
    await reading.settle();
    const old = reading.disk.rotate();
    await reading.settle();
    old.text += "2024-01-01T00:00:00Z stdout F late\n";
    reading.disk.write("b");
    reading.clock.wake();
    assert.equal(await reading.settle(), "a late b");
    reading.disk.write("c");
    assert.equal(await reading.settle(), "a late b c");
    assert.equal(reading.disk.openFiles, 1);
  });

  it("ends when its reader is gone", async () => {
    const reading = new Reading();
    reading.start({ follow: true });
    await reading.settle();
    reading.abort.abort();
    await reading.settle();
    assert.deepEqual([reading.isDone, reading.disk.openFiles], [true, 0]);
  });
});
