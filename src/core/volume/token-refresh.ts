const MAX_AGE_MS = 24 * 3_600_000;
/** Part of its life after which a token is replaced. */
const LIFE_PART = 0.8;

/**
 * When a token is to be replaced, in the time of its arguments: after 80 % of its life, and after a day at the latest.
 * Source: kubelet token_manager.go requiresRefresh. Differs: no jitter, as a node has no crowd to keep away from.
 */
export function tokenRefreshAtMs(issuedAtMs: number, expiresAtMs: number): number {
  return issuedAtMs + Math.min((expiresAtMs - issuedAtMs) * LIFE_PART, MAX_AGE_MS);
}
