/**
 * Tells when descriptors become ready that Node.js cannot wait for (eventfds, PSI triggers, /dev/kmsg). All of them share
 * one epoll and one thread of the pool, which is blocked while anybody listens and free when nobody does.
 */
import { writeSync } from "node:fs";
import { EPOLLET, EPOLLIN, EPOLLONESHOT, EPOLLPRI, loadNativeCalls, type NativeCalls } from "./native-calls.ts";

export interface PolledFile {
  /** Calls the listener once when the descriptor is ready, or is so already; again only after the next `listen`. */
  listen(): void;
  /** Must come before the descriptor is closed. Idempotent. */
  close(): void;
}

export type Readiness = "readable" | "priority";

const EVENTS: Readonly<Record<Readiness, number>> = { readable: EPOLLIN, priority: EPOLLPRI };
const ONE = Buffer.alloc(8);
ONE.writeBigUInt64LE(1n);

let shared: Promise<EventPoller | undefined> | undefined;

/** The poller of this process; `undefined`: there are no native calls on this machine. */
export function eventPoller(): Promise<EventPoller | undefined> {
  shared ??= loadNativeCalls().then((native) => (native === undefined ? undefined : new EventPoller(native)));
  return shared;
}

export class EventPoller {
  readonly native: NativeCalls;
  readonly #listeners = new Map<number, () => void>();
  readonly #epoll: number;
  /** Ends the wait. */
  readonly #bell: number;
  #isWaiting = false;

  constructor(native: NativeCalls) {
    this.native = native;
    this.#epoll = native.epollCreate();
    this.#bell = native.eventfd();
    // By edges: each ring ends one wait, and nobody has to read it.
    native.epollAdd(this.#epoll, this.#bell, EPOLLIN | EPOLLET);
    // A thread that is blocked would hold up the end of the process.
    process.once("exit", () => this.#ring());
  }

  /** `fd` stays the caller's. Throws where the kernel cannot poll it. */
  add(fd: number, readiness: Readiness, onReady: () => void): PolledFile {
    const events = EVENTS[readiness] | EPOLLONESHOT;
    let isOpen = true;
    // Without events it stays silent (but for errors, which must not come before anybody listens).
    this.native.epollAdd(this.#epoll, fd, EPOLLONESHOT);
    return {
      listen: () => {
        if (!isOpen) return;
        this.#listeners.set(fd, onReady);
        this.native.epollModify(this.#epoll, fd, events);
        this.#wait();
      },
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        this.#listeners.delete(fd);
        this.native.epollRemove(this.#epoll, fd);
        if (this.#listeners.size === 0 && this.#isWaiting) this.#ring();
      },
    };
  }

  #wait(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.native.epollWait(this.#epoll).then(
      (ready) => {
        this.#isWaiting = false;
        const called = ready.flatMap((fd) => {
          const listener = this.#listeners.get(fd);
          this.#listeners.delete(fd);
          return listener ?? [];
        });
        for (const listener of called) listener();
        if (this.#listeners.size > 0) this.#wait();
      },
      () => {
        this.#isWaiting = false;
      },
    );
  }

  #ring(): void {
    writeSync(this.#bell, ONE);
  }
}
