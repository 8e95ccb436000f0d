import { renameSync, writeFileSync } from "node:fs";
import { maskNames } from "../../core/eviction/replay/mask-names.ts";
import { type RecordedRound, type RecordingNode, recordScenario } from "../../core/eviction/replay/record-scenario.ts";
import type { Scenario } from "../../core/eviction/replay/scenario.ts";

export interface RecordingOptions {
  readonly name: string;
  /** Absent: nothing is written until the end. */
  readonly path?: string;
  readonly masksNames: boolean;
}

/**
 * The rounds so far. The file is written anew whenever they have grown by a quarter, so that a recorder that is killed loses
 * the last fifth of them at most, and the writing costs no more than a few times the file.
 */
export class Recording {
  readonly #options: RecordingOptions;
  readonly #rounds: RecordedRound[] = [];
  #node: RecordingNode | undefined;
  #nextSave = 1;

  constructor(options: RecordingOptions) {
    this.#options = options;
  }

  /** Looks, two for a round that reclaimed. */
  get length(): number {
    return this.#rounds.length;
  }

  setNode(node: RecordingNode): void {
    this.#node = node;
  }

  add(round: RecordedRound): void {
    this.#rounds.push(round);
    if (this.#options.path === undefined || this.length < this.#nextSave) return;
    this.save();
    this.#nextSave = Math.max(this.length + 1, Math.ceil(this.length * 1.25));
  }

  /** `undefined`: nothing was recorded. */
  scenario(): Scenario | undefined {
    if (this.#node === undefined || this.length === 0) return undefined;
    const scenario = recordScenario(this.#options.name, this.#node, this.#rounds);
    return this.#options.masksNames ? maskNames(scenario) : scenario;
  }

  /** Whoever reads the file finds a whole scenario, of now or of before. */
  save(): void {
    const { path } = this.#options;
    const scenario = this.scenario();
    if (path === undefined || scenario === undefined) return;
    const partial = `${path}.partial`;
    writeFileSync(partial, scenarioLine(scenario));
    renameSync(partial, path);
  }
}

export function scenarioLine(scenario: Scenario): string {
  return `${JSON.stringify(scenario)}\n`;
}
