/** How many pulls may start: a bucket of tokens that fills over time (client-go flowcontrol NewTokenBucketRateLimiter). */
export interface PullRate {
  /** Above 0. */
  readonly perSecond: number;
  /** The most at once after a pause. */
  readonly burst: number;
}

/** `atMs` by a clock that never goes back. */
export interface PullBucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** A full bucket. */
export function fullBucket({ burst }: PullRate, atMs: number): PullBucket {
  return { tokens: burst, atMs };
}

/** Takes a token for a pull that starts now; `accepted` false: none is there, and none is taken. */
export function takePull(
  rate: PullRate,
  bucket: PullBucket,
  nowMs: number,
): { readonly accepted: boolean; readonly bucket: PullBucket } {
  const gained = (Math.max(0, nowMs - bucket.atMs) / 1000) * rate.perSecond;
  const tokens = Math.min(rate.burst, bucket.tokens + gained);
  const accepted = tokens >= 1;
  return { accepted, bucket: { tokens: accepted ? tokens - 1 : tokens, atMs: nowMs } };
}
