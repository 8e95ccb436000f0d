/** Structured log. `fields` are data, never interpolated into `message`; an `Error` in them is written with its cause. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log that adds `fields` to each of its lines. */
  with(fields: LogFields): Log;
}

export type LogFields = Readonly<Record<string, unknown>>;
