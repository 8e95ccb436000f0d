/**
 * `tskubelet simulate FILE... [--config OTHER] [-o json|table|svg]`: eviction scenarios through the production machine.
 * Without `-o`, and with json, one line for each scenario: what each step came to on the measurements as they are written,
 * under the configuration of the scenario or under the other one. Table and svg compare the two in the world that each of
 * them makes; json adds that comparison to its line.
 */
import {
  type ComparedReplays,
  compareScenario,
  type FinishedReplay,
  type ReplayOptions,
  replayScenario,
  type Scenario,
  type ScenarioComparison,
  stepResult,
} from "../../core/eviction/index.ts";
import type { CommandOf } from "../flags.ts";
import { Table } from "../show/table.ts";
import { readOtherPolicy } from "../simulate/other-policy.ts";
import { readScenarios } from "../simulate/read-scenarios.ts";
import { COMPARISON_HEADER, comparisonRows, STEP_HEADER, stepRows, totalRows } from "../simulate/replay-tables.ts";
import { type TimelinePanel, timelineSvg } from "../simulate/timeline-svg.ts";
import type { Terminal } from "../terminal.ts";

type Output = CommandOf<"simulate">["flags"]["output"];
type OtherPolicy = Omit<ReplayOptions, "adjust">;
type Failure = { readonly error: string };

/** What becomes of each scenario, as it is read, and of all of them at the end. */
interface Report {
  add(scenario: Scenario): Failure | undefined;
  end(): void;
}

/** Exits with 1 when a scenario could not be replayed. */
export async function runSimulate({ files, flags }: CommandOf<"simulate">, terminal: Terminal): Promise<number> {
  const { config, output } = flags;
  const other = config === undefined ? undefined : await readOtherPolicy(config, terminal.cwd);
  const report = reportOf(output, other, terminal);
  let exitCode = 0;
  for (const file of files) {
    for await (const scenario of readScenarios(file)) {
      const failure = report.add(scenario);
      if (failure === undefined) continue;
      terminal.err(`${scenario.name}: ${failure.error}\n`);
      exitCode = 1;
    }
  }
  report.end();
  return exitCode;
}

function reportOf(output: Output, other: OtherPolicy | undefined, terminal: Terminal): Report {
  if (output === "svg") return new SvgReport(other, terminal);
  if (output !== "table") return new LineReport(output === "json", other, terminal);
  return other === undefined ? new StepTable(terminal) : new ComparisonTable(other, terminal);
}

class LineReport implements Report {
  readonly #withComparison: boolean;
  readonly #other: OtherPolicy | undefined;
  readonly #terminal: Terminal;

  constructor(withComparison: boolean, other: OtherPolicy | undefined, terminal: Terminal) {
    this.#withComparison = withComparison;
    this.#other = other;
    this.#terminal = terminal;
  }

  add(scenario: Scenario): Failure | undefined {
    const { name } = scenario;
    const replay = replayScenario(scenario, this.#other);
    if ("error" in replay) {
      this.#terminal.out(`${JSON.stringify({ name, error: replay.error })}\n`);
      return replay;
    }
    const result = replay.steps.map((step) => stepResult(replay.config, step));
    const comparison = this.#compare(scenario);
    this.#terminal.out(`${JSON.stringify({ name, result, ...(comparison && { comparison }) })}\n`);
    return undefined;
  }

  end(): void {}

  #compare(scenario: Scenario): ScenarioComparison | undefined {
    if (!this.#withComparison || this.#other === undefined) return undefined;
    const compared = compareScenario(scenario, this.#other);
    return "error" in compared ? undefined : compared.comparison;
  }
}

class StepTable implements Report {
  readonly #terminal: Terminal;
  readonly #table = new Table();
  #isBegun = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  add(scenario: Scenario): Failure | undefined {
    const replay = replayScenario(scenario);
    if ("error" in replay) return replay;
    const rows = stepRows(scenario.name, replay);
    this.#terminal.out(this.#table.lines(this.#isBegun ? rows : [STEP_HEADER, ...rows]));
    this.#isBegun = true;
    return undefined;
  }

  end(): void {}
}

class ComparisonTable implements Report {
  readonly #other: OtherPolicy;
  readonly #terminal: Terminal;
  readonly #table = new Table();
  readonly #comparisons: ScenarioComparison[] = [];

  constructor(other: OtherPolicy, terminal: Terminal) {
    this.#other = other;
    this.#terminal = terminal;
  }

  add(scenario: Scenario): Failure | undefined {
    const compared = compareScenario(scenario, this.#other);
    if ("error" in compared) return compared;
    const rows = comparisonRows(scenario.name, compared.comparison);
    this.#terminal.out(this.#table.lines(this.#comparisons.length > 0 ? rows : [COMPARISON_HEADER, ...rows]));
    this.#comparisons.push(compared.comparison);
    return undefined;
  }

  end(): void {
    this.#terminal.out(this.#table.lines(totalRows(this.#comparisons)));
  }
}

class SvgReport implements Report {
  readonly #other: OtherPolicy | undefined;
  readonly #terminal: Terminal;
  readonly #panels: TimelinePanel[] = [];

  constructor(other: OtherPolicy | undefined, terminal: Terminal) {
    this.#other = other;
    this.#terminal = terminal;
  }

  add(scenario: Scenario): Failure | undefined {
    const drawn = this.#replays(scenario);
    if ("error" in drawn) return drawn;
    this.#panels.push({ title: scenario.name, replays: drawn.replays });
    return undefined;
  }

  end(): void {
    this.#terminal.out(timelineSvg(this.#panels));
  }

  #replays(scenario: Scenario): { readonly replays: readonly FinishedReplay[] } | Failure {
    if (this.#other === undefined) {
      const replay = replayScenario(scenario);
      return "error" in replay ? replay : { replays: [replay] };
    }
    const compared: ComparedReplays | Failure = compareScenario(scenario, this.#other);
    return "error" in compared ? compared : { replays: [compared.own, compared.other] };
  }
}
