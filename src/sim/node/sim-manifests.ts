/** Manifest files of the simulated node: a scenario changes them, sources tell the agent after a while. */
import type { ManifestFile, ManifestSnapshot, ManifestSource } from "../../ports/manifest-source.ts";
import type { Line } from "../line.ts";
import type { VirtualTime } from "../time/virtual-time.ts";

export class SimManifests {
  readonly kind: ManifestSource["kind"];
  readonly location: string;
  readonly #time: VirtualTime;
  readonly #files = new Map<string, ManifestFile>();
  #readable = true;
  #snapshot: ManifestSnapshot | undefined;
  #watchers: readonly (() => void)[] = [];

  constructor(time: VirtualTime, kind: ManifestSource["kind"], location: string) {
    this.#time = time;
    this.kind = kind;
    this.location = location;
  }

  put(name: string, text: string): void {
    const path = `${this.location}/${name}`;
    if (this.#files.get(path)?.text === text) return;
    this.#files.set(path, { path, modifiedAtMs: this.#time.wallMs, text });
    this.#changed();
  }

  remove(name: string): void {
    if (this.#files.delete(`${this.location}/${name}`)) this.#changed();
  }

  /** Text of a file; `undefined`: there is none. */
  text(name: string): string | undefined {
    return this.#files.get(`${this.location}/${name}`)?.text;
  }

  block(blocked: boolean): void {
    if (this.#readable === !blocked) return;
    this.#readable = !blocked;
    this.#changed();
  }

  /** The same object as long as nothing changes. */
  snapshot(): ManifestSnapshot {
    this.#snapshot ??= this.#readable
      ? { files: [...this.#files.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)) }
      : { unreadable: `open ${this.location}: input/output error` };
    return this.#snapshot;
  }

  watch(onChange: () => void): () => void {
    this.#watchers = [...this.#watchers, onChange];
    return () => {
      this.#watchers = this.#watchers.filter((other) => other !== onChange);
    };
  }

  #changed(): void {
    this.#snapshot = undefined;
    for (const watcher of this.#watchers) watcher();
  }
}

/** `lagMs` is asked for each snapshot how late it comes; `onTold` hears of each before the agent does. */
export function simManifestSource(
  manifests: SimManifests,
  time: VirtualTime,
  line: Line,
  lagMs: () => number,
  onTold: (snapshot: ManifestSnapshot) => void = () => {},
): ManifestSource {
  return {
    kind: manifests.kind,
    location: manifests.location,
    run: (onSnapshot, signal) =>
      new Promise((resolve) => {
        let told: ManifestSnapshot | undefined;
        let pending = false;
        const tell = () => {
          pending = false;
          if (signal.aborted || line.isCut) return;
          const snapshot = manifests.snapshot();
          if (snapshot === told) return;
          told = snapshot;
          onTold(snapshot);
          line.deliver(() => onSnapshot(snapshot));
        };
        const schedule = () => {
          if (pending) return;
          pending = true;
          time.after(lagMs(), tell);
        };
        const unwatch = manifests.watch(schedule);
        const forget = line.whileWhole(unwatch);
        const end = () => {
          unwatch();
          forget();
          line.deliver(resolve);
        };
        if (signal.aborted) return end();
        signal.addEventListener("abort", end, { once: true });
        schedule();
      }),
  };
}
