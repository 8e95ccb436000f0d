/**
 * Tokens of the pods' service accounts, each kept until it is to be replaced. Source: kubelet token/token_manager.go.
 */
import type { Pod } from "../../core/api/types.ts";
import { serviceAccountOf, type TokenProjection } from "../../core/volume/projected-payload.ts";
import { tokenRefreshAtMs } from "../../core/volume/token-refresh.ts";
import type { Clock } from "../../ports/clock.ts";
import { errorMessage } from "../../ports/errors.ts";
import type { Log } from "../../ports/log.ts";
import type { ServiceAccountToken, TokenRequest, TokenSource } from "../../ports/token-source.ts";
import { namespaceOf } from "./volume-plugin.ts";

export interface PodTokensPorts {
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
  readonly tokens: TokenSource;
}

export interface PodToken {
  readonly token: string;
  /** When to ask again. */
  readonly refreshAtMs: number;
}

/** Source: defaults of ServiceAccountTokenProjection. */
const DEFAULT_SECONDS = 3_600;
/** A token that could not be replaced is asked for again after this. */
const RETRY_MS = 10_000;

export class PodTokens {
  readonly #ports: PodTokensPorts;
  /** By pod UID, then by what was asked for. */
  readonly #tokens = new Map<string, Map<string, ServiceAccountToken>>();

  constructor(ports: PodTokensPorts) {
    this.#ports = ports;
  }

  /** The token that is in force, or a new one when its time has come. One that still counts is better than none. */
  async get(pod: Pod, source: TokenProjection, signal: AbortSignal): Promise<PodToken | { readonly error: string }> {
    const { clock, log, tokens } = this.#ports;
    const request = requestOf(pod, source);
    const kept = this.#tokens.get(request.pod.uid) ?? new Map<string, ServiceAccountToken>();
    const key = JSON.stringify(request);
    const current = kept.get(key);
    if (current !== undefined && clock.now() < refreshAtMs(current)) return podToken(current);
    try {
      const fresh = await tokens.request(request, signal);
      this.#tokens.set(request.pod.uid, kept.set(key, fresh));
      return podToken(fresh);
    } catch (error) {
      if (current === undefined || clock.now() >= current.expiresAtMs) return { error: errorMessage(error) };
      log.warn("service account token not replaced", { podUid: request.pod.uid, error: errorMessage(error) });
      return { token: current.token, refreshAtMs: clock.now() + RETRY_MS };
    }
  }

  /** The pod's volumes are gone. */
  forget(uid: string): void {
    this.#tokens.delete(uid);
  }
}

function requestOf(pod: Pod, { audience = "", expirationSeconds = DEFAULT_SECONDS }: TokenProjection): TokenRequest {
  const { name = "", uid = "" } = pod.metadata ?? {};
  return {
    namespace: namespaceOf(pod),
    serviceAccount: serviceAccountOf(pod),
    audiences: audience === "" ? [] : [audience],
    expirationSeconds,
    pod: { name, uid },
  };
}

function refreshAtMs({ issuedAtMs, expiresAtMs }: ServiceAccountToken): number {
  return tokenRefreshAtMs(issuedAtMs, expiresAtMs);
}

function podToken(token: ServiceAccountToken): PodToken {
  return { token: token.token, refreshAtMs: refreshAtMs(token) };
}
