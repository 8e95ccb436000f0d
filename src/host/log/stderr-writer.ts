/** Writes whole lines to stderr; a reader that went away ends the output, never the agent. */
export function createStderrWriter(): (line: string) => void {
  let broken = false;
  process.stderr.on("error", () => {
    broken = true;
  });
  return (line) => {
    if (!broken) process.stderr.write(line);
  };
}
