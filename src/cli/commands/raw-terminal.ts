const SIGNALS = { SIGHUP: 1, SIGTERM: 15 } as const;

/** Runs with every key going to `run`, and gives the terminal back whatever happens. */
export async function withRawTerminal<T>(run: () => Promise<T>): Promise<T> {
  const { stdin } = process;
  const restore = () => {
    if (stdin.isTTY && stdin.isRaw && !stdin.destroyed) stdin.setRawMode(false);
  };
  const handlers = Object.entries(SIGNALS).map(([signal, number]) => {
    const end = () => process.exit(128 + number);
    process.on(signal, end);
    return [signal, end] as const;
  });
  process.on("exit", restore);
  stdin.setRawMode(true);
  try {
    return await run();
  } finally {
    restore();
    process.removeListener("exit", restore);
    for (const [signal, end] of handlers) process.removeListener(signal, end);
  }
}
