/** How a command ended, from the error stream. Source: client-go tools/remotecommand v4.go. */
export interface ExitStatus {
  readonly exitCode: number;
  /** The command could not be run at all. */
  readonly message?: string;
}

interface Status {
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] };
}

const FAILURE = 1;

/** `text`: a metav1.Status as JSON; empty is success. */
export function parseExitStatus(text: string): ExitStatus {
  if (text.trim() === "") return { exitCode: 0 };
  let status: Status;
  try {
    status = JSON.parse(text) as Status;
  } catch {
    return { exitCode: FAILURE, message: text.trim() };
  }
  if (status.status === "Success") return { exitCode: 0 };
  const code = status.details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
  if (status.reason === "NonZeroExitCode" && code !== undefined && /^\d+$/.test(code))
    return { exitCode: Number(code) };
  return { exitCode: FAILURE, message: failure(status.message) };
}

/** What the runtime said, without the layers that passed it on. */
function failure(message = ""): string {
  return (
    message.replace(/^Internal error occurred: (error executing command in container: )?/, "") ||
    "the command could not be run"
  );
}
