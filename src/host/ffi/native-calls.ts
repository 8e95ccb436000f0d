/**
 * The system calls that Node.js does not have: eventfd, epoll and mount. They come from koffi, which is loaded when first asked
 * for and may be missing (a processor or libc without a binary of it): then everybody polls.
 * docs/decisions/kernel-wake-ups.md
 */

/** All numbers are file descriptors; calls throw with the errno where the kernel refuses. */
export interface NativeCalls {
  /** A counter that is readable when it is not 0; does not block. */
  eventfd(): number;
  epollCreate(): number;
  epollAdd(epoll: number, fd: number, events: number): void;
  epollModify(epoll: number, fd: number, events: number): void;
  epollRemove(epoll: number, fd: number): void;
  /** Waits on a thread of its own until something happens; resolves with the descriptors to which it did. */
  epollWait(epoll: number): Promise<readonly number[]>;
  /** mount(2) on this thread: for what the kernel does at once, no network and no disk. */
  mount(source: string, target: string, type: string, flags: number, data: string): void;
}

export const EPOLLIN = 0x001;
export const EPOLLPRI = 0x002;
export const EPOLLONESHOT = 1 << 30;
export const EPOLLET = 1 << 31;

const CLOEXEC = 0o2000000;
const NONBLOCK = 0o4000;
const [CTL_ADD, CTL_DEL, CTL_MOD] = [1, 2, 3];
const MOST_EVENTS = 16;
/** struct epoll_event is packed on x86 alone. */
const LAYOUT = process.arch === "x64" || process.arch === "ia32" ? { size: 12, data: 4 } : { size: 16, data: 8 };

let loaded: Promise<NativeCalls | undefined> | undefined;
/** Why there are no native calls. */
let problem: unknown;

/** `undefined`: not on this machine; `nativeCallsProblem()` says why. */
export function loadNativeCalls(): Promise<NativeCalls | undefined> {
  loaded ??= load().catch((error: unknown) => {
    problem = error;
    return undefined;
  });
  return loaded;
}

export function nativeCallsProblem(): string | undefined {
  return problem === undefined ? undefined : String(problem);
}

async function load(): Promise<NativeCalls> {
  const { default: koffi } = await import("koffi");
  const libc = koffi.load(null);
  const eventfd = libc.func("int eventfd(unsigned int, int)");
  const create = libc.func("int epoll_create1(int)");
  const control = libc.func("int epoll_ctl(int, int, int, void *)");
  const wait = libc.func("int epoll_wait(int, void *, int, int)");
  const mount = libc.func("int mount(const char *, const char *, const char *, unsigned long, const char *)");

  const checked = (call: string, result: number): number => {
    if (result < 0) throw new Error(`${call} failed with errno ${koffi.errno()}`);
    return result;
  };
  const change = (epoll: number, operation: number, fd: number, events: number): void => {
    const event = Buffer.alloc(LAYOUT.size);
    event.writeUInt32LE(events >>> 0, 0);
    event.writeInt32LE(fd, LAYOUT.data);
    checked("epoll_ctl", control(epoll, operation, fd, event));
  };
  return {
    eventfd: () => checked("eventfd", eventfd(0, CLOEXEC | NONBLOCK)),
    epollCreate: () => checked("epoll_create1", create(CLOEXEC)),
    epollAdd: (epoll, fd, events) => change(epoll, CTL_ADD, fd, events),
    epollModify: (epoll, fd, events) => change(epoll, CTL_MOD, fd, events),
    epollRemove: (epoll, fd) => change(epoll, CTL_DEL, fd, 0),
    epollWait: (epoll) =>
      new Promise((resolve, reject) => {
        const events = Buffer.alloc(LAYOUT.size * MOST_EVENTS);
        wait.async(epoll, events, MOST_EVENTS, -1, (error: unknown, count: number) => {
          if (error) return reject(error);
          // -1: a signal came in between.
          const numbers = Array.from({ length: Math.max(0, count) }, (_, index) => index);
          resolve(numbers.map((index) => events.readInt32LE(index * LAYOUT.size + LAYOUT.data)));
        });
      }),
    mount: (source, target, type, flags, data) => void checked("mount", mount(source, target, type, flags, data)),
  };
}
