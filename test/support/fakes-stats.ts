/** Figures that a test sets; everything else is not observed. */
import type {
  CgroupObservation,
  DiskUsage,
  FilesystemObservation,
  MachineObservation,
} from "../../src/core/stats/observations.ts";
import type { InterfaceStats } from "../../src/core/stats/summary.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { CgroupRequest, Stats } from "../../src/ports/stats.ts";

type Figures<T> = Omit<T, "atMs" | "monotonicMs">;

export class FakeStats implements Stats {
  readonly #clock: Clock;
  readonly cgroupFigures = new Map<string, Figures<CgroupObservation>>();
  readonly filesystems = new Map<string, Figures<FilesystemObservation>>();
  readonly disks = new Map<string, Figures<DiskUsage>>();
  readonly networks = new Map<number, readonly InterfaceStats[]>();
  machineFigures: Figures<MachineObservation> = {};
  /** Paths that were measured, in order. */
  readonly measured: string[] = [];
  sweeps = 0;
  /** Each sweep and measurement waits for it. */
  before: () => Promise<void> = async () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  cgroup({ path }: CgroupRequest): CgroupObservation | undefined {
    const figures = this.cgroupFigures.get(path);
    return figures && { ...this.#now(), ...figures };
  }

  async cgroups(requests: readonly CgroupRequest[]): Promise<readonly (CgroupObservation | undefined)[]> {
    this.sweeps += 1;
    await this.before();
    return requests.map((request) => this.cgroup(request));
  }

  cgroupChildren(path: string): readonly string[] {
    const prefix = `${path}/`;
    const below = [...this.cgroupFigures.keys()].filter((each) => each.startsWith(prefix));
    return below.map((each) => each.slice(prefix.length)).filter((name) => !name.includes("/"));
  }

  machine(): MachineObservation {
    return { ...this.#now(), ...this.machineFigures };
  }

  async filesystem(directory: string): Promise<FilesystemObservation | undefined> {
    const figures = this.filesystems.get(directory);
    return figures && { ...this.#now(), ...figures };
  }

  async diskUsage(path: string): Promise<DiskUsage | undefined> {
    this.measured.push(path);
    const begun = this.#now();
    await this.before();
    const figures = this.disks.get(path);
    return figures && { ...begun, ...figures };
  }

  network(pid: number): readonly InterfaceStats[] | undefined {
    return this.networks.get(pid);
  }

  #now() {
    return { atMs: this.#clock.now(), monotonicMs: this.#clock.monotonic() };
  }
}
