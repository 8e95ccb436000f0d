/** What happens in a storm: manifests come, change and go, and the node is shaken. */

import { KUBEPODS, podCgroupName } from "../../core/cgroup/index.ts";
import type { Weather } from "../faults/weather.ts";
import type { SimManifests } from "../node/sim-manifests.ts";
import { POD_LOGS_DIR, ROOT_DIR, type SimNode } from "../node/sim-node.ts";
import type { Random } from "../random.ts";
import type { AgentLife } from "./agent-life.ts";
import { brokenText, configMapText, podText, withOtherImage } from "./manifest-factory.ts";
import type { Trace } from "./trace.ts";

export interface StoryParts {
  readonly node: SimNode;
  readonly weather: Weather;
  readonly life: AgentLife;
  readonly trace: Trace;
  readonly random: Random;
  readonly onClockJump: () => void;
  /** Changes the text of each pod that is written. */
  readonly shape?: (podText: string) => string;
}

export interface Plot {
  /** Places for pods; each has its own name and file. */
  readonly places: number;
  /** Mean time between two changes of manifests, and between two blows to the node. */
  readonly changeEveryMs: number;
  readonly blowEveryMs: number;
}

export function drawPlot(random: Random): Plot {
  return {
    places: random.between(1, 8),
    changeEveryMs: random.pick([15_000, 40_000, 90_000]),
    blowEveryMs: random.pick([30_000, 75_000, 180_000]),
  };
}

interface Place {
  /** What the place is called in the trace. */
  readonly name: string;
  readonly file: string;
  readonly manifests: SimManifests;
  readonly write: (random: Random) => string;
  /** The last good text; `undefined`: nothing is wanted here. */
  text: string | undefined;
}

export class Story {
  readonly #parts: StoryParts;
  readonly #plot: Plot;
  readonly #places: readonly Place[];
  #telling = false;

  constructor(parts: StoryParts, plot: Plot) {
    this.#parts = parts;
    this.#plot = plot;
    const { node, random, shape = (text) => text } = parts;
    const podOf = (chance: Random, name: string) => shape(podText(chance, name));
    const pods = Array.from({ length: plot.places }, (_, n): Place => {
      const name = `p${n}`;
      const manifests = random.chance(0.3) ? node.staticManifests : node.manifests;
      return { name, file: `${name}.json`, manifests, write: (chance) => podOf(chance, name), text: undefined };
    });
    const settings = { name: "settings", file: "settings.json", manifests: node.manifests, text: undefined };
    const rival = { name: "rival of p0", file: "rival.json", manifests: node.manifests, text: undefined };
    this.#places = [
      ...pods,
      { ...settings, write: configMapText },
      ...(random.chance(0.3) ? [{ ...rival, write: (chance: Random) => podOf(chance, "p0") }] : []),
    ];
  }

  /** Begins to stir; goes on until `calm`. */
  storm(): void {
    const { weather, node, random, trace } = this.#parts;
    trace.add("storm");
    weather.stormy = true;
    this.#telling = true;
    const again = (everyMs: number, act: () => void) => {
      node.time.after(random.exponential(everyMs), () => {
        if (!this.#telling) return;
        act();
        again(everyMs, act);
      });
    };
    again(this.#plot.changeEveryMs, () => this.change());
    again(this.#plot.blowEveryMs, () => this.#strike());
  }

  /** Faults stop, broken files are mended, the agent lives. */
  calm(): void {
    const { weather, life, node, trace } = this.#parts;
    trace.add("calm");
    this.#telling = false;
    weather.calm();
    for (const manifests of node.sources) manifests.block(false);
    for (const { manifests, file, text } of this.#places) if (text !== undefined) manifests.put(file, text);
    life.start();
  }

  /** No pod is wanted any more. */
  clear(): void {
    this.#parts.trace.add("all manifests are removed");
    for (const place of this.#places) this.#remove(place);
  }

  /** One change of one manifest. */
  change(): void {
    const { random } = this.#parts;
    const place = random.pickAny(this.#places);
    if (place === undefined) return;
    if (place.text === undefined || random.chance(0.15)) {
      this.#write(place, place.write(random), "is written");
      return;
    }
    const kind = random.between(1, 10);
    if (kind <= 4) this.#remove(place);
    else if (kind <= 7) this.#write(place, withOtherImage(random, place.text), "gets another image");
    else if (kind <= 9) place.manifests.put(place.file, brokenText(place.text));
    else place.manifests.put(place.file, place.text);
  }

  #write(place: Place, text: string, what: string): void {
    this.#parts.trace.add(`${place.name} ${what}`);
    place.text = text;
    place.manifests.put(place.file, text);
  }

  #remove(place: Place): void {
    this.#parts.trace.add(`${place.name} goes`);
    place.text = undefined;
    place.manifests.remove(place.file);
  }

  #strike(): void {
    const { random } = this.#parts;
    const [, blow] = random.pick(this.#blows);
    blow();
  }

  readonly #blows: readonly [readonly [string, () => void], ...(readonly [string, () => void])[]] = [
    ["container killed", () => this.#killContainer()],
    ["container killed", () => this.#killContainer()],
    ["sandbox dies", () => this.#breakSandbox()],
    ["agent killed", () => this.#parts.life.kill(this.#pauseMs())],
    ["agent killed at a call", () => this.#parts.life.killAtCall(this.#parts.random.between(1, 60), this.#pauseMs())],
    ["agent killed at a call", () => this.#parts.life.killAtCall(this.#parts.random.between(1, 60), this.#pauseMs())],
    ["agent stopped", () => this.#stopAgent()],
    ["runtime down", () => this.#runtimeDown()],
    ["stream breaks", () => this.#parts.life.breakStreams()],
    ["network down", () => this.#networkDown()],
    ["disk full", () => this.#diskFull()],
    ["manifests unreadable", () => this.#blockManifests()],
    ["clock jumps", () => this.#jumpClock()],
    ["container lost", () => this.#loseContainer()],
    ["process hangs", () => this.#hangProcess()],
    ["reboot", () => this.#reboot()],
    ["junk", () => this.#leaveJunk()],
  ];

  #pauseMs(): number {
    return this.#parts.random.exponential(5_000);
  }

  #killContainer(): void {
    const { node, random, trace } = this.#parts;
    const running = [...node.runtime.containers.values()].filter(({ state }) => state === "running");
    const victim = random.pickAny(running);
    if (victim === undefined) return;
    trace.add(`fault: container ${victim.id.slice(0, 8)} is killed`);
    node.runtime.kill(victim, "fault");
  }

  #breakSandbox(): void {
    const { node, random, trace } = this.#parts;
    const victim = random.pickAny([...node.runtime.sandboxes.values()].filter(({ ready }) => ready));
    if (victim === undefined) return;
    trace.add(`fault: sandbox ${victim.id.slice(0, 8)} dies`);
    node.runtime.breakSandbox(victim);
  }

  #jumpClock(): void {
    const { node, random, trace, onClockJump } = this.#parts;
    const ms = random.pick([-1, 1]) * random.exponential(random.pick([2_000, 600_000]));
    trace.add(`fault: the wall clock jumps by ${ms} ms`);
    node.time.jump(ms);
    onClockJump();
  }

  #loseContainer(): void {
    const { node, random, trace } = this.#parts;
    const victim = random.pickAny([...node.runtime.containers.values()].filter(({ state }) => state !== "starting"));
    if (victim === undefined) return;
    trace.add(`fault: the runtime loses sight of container ${victim.id.slice(0, 8)}`);
    node.runtime.loseSight(victim);
  }

  #hangProcess(): void {
    const { node, random, trace } = this.#parts;
    const victim = random.pickAny([...node.runtime.containers.values()].filter(({ state }) => state === "running"));
    if (victim === undefined) return;
    victim.deathMs = random.exponential(30_000);
    trace.add(`fault: container ${victim.id.slice(0, 8)} will take ${victim.deathMs} ms to die`);
  }

  #reboot(): void {
    const { node, random, trace, weather, life } = this.#parts;
    if (random.chance(0.7)) return;
    trace.add("fault: the machine reboots");
    const downMs = random.exponential(10_000);
    life.kill(downMs + random.between(0, 5_000));
    node.runtime.powerOff();
    node.cgroups.clear();
    node.disk.loseMounts();
    weather.runtimeDown = true;
    node.time.after(downMs, () => {
      weather.runtimeDown = false;
    });
  }

  /** As an agent of before that nobody remembers would have left it. */
  #leaveJunk(): void {
    const { node, random, trace } = this.#parts;
    const uid = `${random.hex(8)}-${random.hex(4)}-${random.hex(4)}-${random.hex(4)}-${random.hex(12)}`;
    trace.add(`fault: junk of a pod ${uid}`);
    node.disk.makeDirectories(`${ROOT_DIR}/pods/${uid}/volumes`, 0o750);
    node.disk.makeDirectories(`${POD_LOGS_DIR}/default_junk_${uid}/c0`);
    node.cgroups.make(podCgroupName(KUBEPODS, "BestEffort", uid));
  }

  #stopAgent(): void {
    const { life, node } = this.#parts;
    const afterwardsMs = this.#pauseMs();
    const deadline = node.time.after(STOP_LIMIT_MS, () => life.kill(afterwardsMs));
    life.stop().then(
      () => {
        deadline.cancel();
        node.time.after(afterwardsMs, () => life.start());
      },
      () => {},
    );
  }

  #runtimeDown(): void {
    const { weather, life } = this.#parts;
    this.#forAWhile("the runtime is down", 30_000, (down) => {
      weather.runtimeDown = down;
      if (down) life.breakStreams();
    });
  }

  #networkDown(): void {
    this.#forAWhile("the pod network is down", 20_000, (down) => {
      this.#parts.weather.networkProblem = down ? "cni plugin not initialized" : undefined;
    });
  }

  #diskFull(): void {
    this.#forAWhile("the disk is full", 30_000, (full) => {
      this.#parts.weather.diskFull = full;
    });
  }

  #blockManifests(): void {
    const source = this.#parts.random.pickAny(this.#parts.node.sources);
    this.#forAWhile("manifests cannot be read", 20_000, (blocked) => source?.block(blocked));
  }

  #forAWhile(what: string, meanMs: number, set: (on: boolean) => void): void {
    const { node, random, trace } = this.#parts;
    trace.add(`fault: ${what}`);
    set(true);
    node.time.after(random.exponential(meanMs), () => {
      trace.add(`over: ${what}`);
      set(false);
    });
  }
}

/** A stop that takes longer than this is ended by SIGKILL, as a service manager does. */
const STOP_LIMIT_MS = 90_000;
