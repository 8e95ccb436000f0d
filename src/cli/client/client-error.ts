/** A failure that is told to the user in one sentence; the command ends with exit code 1. */
export class ClientError extends Error {
  override readonly name = "ClientError";
}

/** Nobody answers at the agent's socket, or not any more. */
export class AgentAway extends ClientError {}

/** The agent answered with an error. */
export class ApiError extends ClientError {
  readonly httpStatus: number;

  constructor(httpStatus: number, message: string) {
    super(message);
    this.httpStatus = httpStatus;
  }
}
