/** Why a request is not answered with what it asks for. */
export type RequestErrorCode =
  | "BadRequest"
  | "Invalid" // well-formed, but a value makes no sense
  | "NotFound"
  | "MethodNotAllowed"
  | "InternalError"
  | "ServiceUnavailable";

const HTTP_STATUS: Readonly<Record<RequestErrorCode, number>> = {
  BadRequest: 400,
  Invalid: 422,
  NotFound: 404,
  MethodNotAllowed: 405,
  InternalError: 500,
  ServiceUnavailable: 503,
};

/** Becomes the answer: an HTTP status and, in the API, a Kubernetes Status object. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly code: RequestErrorCode;

  constructor(code: RequestErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  get httpStatus(): number {
    return HTTP_STATUS[this.code];
  }
}
