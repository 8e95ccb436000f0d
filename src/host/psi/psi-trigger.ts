import { closeSync, constants, openSync, writeSync } from "node:fs";

export interface PsiTriggerSpec {
  readonly kind: "some" | "full";
  /** Stalled for so long within the window. */
  readonly stallUs: number;
  /** 0.5 to 10 s; a multiple of 2 s without CAP_SYS_RESOURCE. */
  readonly windowUs: number;
}

/**
 * Opens a pressure file with the first of `specs` that the kernel accepts; the descriptor then becomes ready ("priority")
 * each time that the stall is reached, once per window at most. `undefined`: there is no such file, or none is accepted.
 * The trigger lasts as long as the descriptor.
 */
export function openPsiTrigger(path: string, specs: readonly PsiTriggerSpec[]): number | undefined {
  for (const { kind, stallUs, windowUs } of specs) {
    let fd: number | undefined;
    try {
      fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
      writeSync(fd, `${kind} ${stallUs} ${windowUs}\0`);
      return fd;
    } catch {
      if (fd === undefined) return undefined;
      closeSync(fd);
    }
  }
  return undefined;
}
