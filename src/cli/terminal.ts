/** Where a command's output goes. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly cwd: string;
  readonly now: () => number;
}

const EXIT_SIGPIPE = 141;

export function processTerminal(): Terminal {
  process.stdout.on("error", (error) => {
    // As a program that is ended by SIGPIPE: `... | head` is no failure to be told.
    if ("code" in error && error.code === "EPIPE") process.exit(EXIT_SIGPIPE);
    throw error;
  });
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    cwd: process.cwd(),
    now: () => Date.now(),
  };
}
