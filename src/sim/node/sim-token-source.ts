/** Tokens of service accounts as the simulated node gives them: text that tells what it is, with its times. */
import type { TokenSource } from "../../ports/token-source.ts";
import type { Line } from "../line.ts";

export function simTokenSource(now: () => number, line: Line): TokenSource {
  let issued = 0;
  return {
    request: ({ namespace, serviceAccount, audiences, expirationSeconds, pod }, signal) =>
      line.call(
        "tokens",
        "request",
        () => {
          const issuedAtMs = now();
          const subject = `${namespace}:${serviceAccount}:${pod.uid}`;
          const token = `${subject}:${audiences.join("+")}:${++issued}`;
          return { token, issuedAtMs, expiresAtMs: issuedAtMs + expirationSeconds * 1_000 };
        },
        signal === undefined ? {} : { signal },
      ),
  };
}
