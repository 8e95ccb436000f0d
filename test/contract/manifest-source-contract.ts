import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { ManifestFile, ManifestSnapshot, ManifestSource } from "../../src/ports/manifest-source.ts";

/** A place with manifests that the test changes while the source reads it. */
export interface ManifestSourceUnderTest {
  readonly source: ManifestSource;
  /** Sets the text of a manifest as one step; a source of one text only has the name "only". */
  readonly put: (name: string, text: string) => Promise<void>;
  readonly remove: (name: string) => Promise<void>;
  /** Makes the whole source unreadable, or readable again. */
  readonly block: (blocked: boolean) => Promise<void>;
  /** Lets `ms` pass. */
  readonly pass: (ms: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface ManifestSourceTraits {
  readonly names: "many" | "only";
}

/** Runs a source and keeps what it says. */
export class SnapshotReader {
  readonly seen: ManifestSnapshot[] = [];
  readonly #under: Pick<ManifestSourceUnderTest, "pass">;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(under: Pick<ManifestSourceUnderTest, "source" | "pass">) {
    this.#under = under;
    this.#ended = under.source.run((snapshot) => void this.seen.push(snapshot), this.#stop.signal);
  }

  get last(): ManifestSnapshot | undefined {
    return this.seen.at(-1);
  }

  /** Files of the newest snapshot by the last part of their paths. */
  get texts(): Readonly<Record<string, string | undefined>> {
    const files = this.last !== undefined && "files" in this.last ? this.last.files : [];
    return Object.fromEntries(files.map((file) => [file.path.slice(file.path.lastIndexOf("/") + 1), file.text]));
  }

  file(name: string): ManifestFile | undefined {
    const files = this.last !== undefined && "files" in this.last ? this.last.files : [];
    return files.find((file) => file.path.endsWith(`/${name}`));
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    for (let passed = 0; passed < 10_000; passed += 5) {
      if (holds()) return;
      await this.#under.pass(5);
    }
    assert.fail(`never came: ${what}; last: ${JSON.stringify(this.last)}`);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}

/** What every ManifestSource must hold. */
export function manifestSourceContract(
  name: string,
  traits: ManifestSourceTraits,
  create: () => Promise<ManifestSourceUnderTest>,
): void {
  describe(`ManifestSource: ${name}`, () => {
    let under: ManifestSourceUnderTest;
    let reader: SnapshotReader;
    const first = traits.names === "only" ? "only" : "a.yaml";
    const textsAre = (...texts: readonly string[]): boolean => {
      const shown = Object.values(reader.texts);
      return shown.length === texts.length && texts.every((text) => shown.includes(text));
    };
    beforeEach(async () => {
      under = await create();
    });
    afterEach(async () => {
      await reader.stop();
      await under.close();
    });

    it("tells first what is there, then each change", async () => {
      await under.put(first, "one: 1\n");
      reader = new SnapshotReader(under);
      await reader.until("the first text", () => textsAre("one: 1\n"));
      await under.put(first, "two: 2\n");
      await reader.until("the second text", () => textsAre("two: 2\n"));
      assert.ok(under.source.location.length > 0);
    });

    it("says nothing while nothing changes", async () => {
      await under.put(first, "one: 1\n");
      reader = new SnapshotReader(under);
      await reader.until("the first text", () => textsAre("one: 1\n"));
      await under.put(first, "one: 1\n");
      await under.pass(200);
      assert.equal(reader.seen.length, 1);
    });

    it("says that it cannot be read, keeps silent about files then, and recovers", async () => {
      await under.put(first, "one: 1\n");
      reader = new SnapshotReader(under);
      await reader.until("the first text", () => textsAre("one: 1\n"));
      await under.block(true);
      await reader.until("the problem", () => reader.last !== undefined && "unreadable" in reader.last);
      await under.block(false);
      await reader.until("the text again", () => textsAre("one: 1\n"));
    });

    it("ends when it is told to", async () => {
      reader = new SnapshotReader(under);
      await reader.stop();
      const count = reader.seen.length;
      await under.put(first, "late: 1\n");
      await under.pass(50);
      assert.equal(reader.seen.length, count);
    });

    if (traits.names === "only") return;

    it("tells that there is nothing", async () => {
      reader = new SnapshotReader(under);
      await reader.until("an empty snapshot", () => reader.last !== undefined);
      assert.deepEqual(reader.last, { files: [] });
    });

    it("orders files by path and keeps the objects of those that did not change", async () => {
      for (const each of ["b.yaml", "a.yaml", "c.json"]) await under.put(each, `{"name": "${each}"}\n`);
      reader = new SnapshotReader(under);
      await reader.until("three files", () => Object.keys(reader.texts).length === 3);
      assert.deepEqual(Object.keys(reader.texts), ["a.yaml", "b.yaml", "c.json"]);
      const [a, b] = [reader.file("a.yaml"), reader.file("b.yaml")];
      await under.put("b.yaml", "changed: 1\n");
      await reader.until("the change", () => reader.texts["b.yaml"] === "changed: 1\n");
      assert.equal(reader.file("a.yaml"), a);
      assert.notEqual(reader.file("b.yaml"), b);
    });

    it("lets go of a file that was removed", async () => {
      await under.put("a.yaml", "a: 1\n");
      await under.put("b.yaml", "b: 1\n");
      reader = new SnapshotReader(under);
      await reader.until("both", () => textsAre("a: 1\n", "b: 1\n"));
      await under.remove("a.yaml");
      await reader.until("one left", () => textsAre("b: 1\n"));
    });
  });
}
