interface Created {
  readonly createdAtMs: number;
}

/**
 * The items with creation times that agree with their attempts, unit by unit: where the wall clock jumped back, a later
 * attempt looks older than an earlier one, and its time is raised to just after it. In the order given; items whose time
 * is right are returned as they are. Differs: the kubelet goes by creation times alone and takes a dead instance for the
 * newest after such a jump.
 */
export function withOrderedCreation<T extends Created>(
  items: readonly T[],
  unitOf: (item: T) => string,
  attemptOf: (item: T) => number,
): readonly T[] {
  if (items.length < 2) return items;
  const byAttempt = [...items].sort((a, b) => attemptOf(a) - attemptOf(b) || a.createdAtMs - b.createdAtMs);
  const latest = new Map<string, { readonly attempt: number; readonly createdAtMs: number }>();
  const raised = new Map<T, T>();
  for (const item of byAttempt) {
    const [unit, attempt] = [unitOf(item), attemptOf(item)];
    const before = latest.get(unit);
    const isLate = before !== undefined && attempt > before.attempt && item.createdAtMs <= before.createdAtMs;
    const createdAtMs = isLate ? before.createdAtMs + 1 : item.createdAtMs;
    if (isLate) raised.set(item, { ...item, createdAtMs });
    latest.set(unit, { attempt, createdAtMs: Math.max(createdAtMs, before?.createdAtMs ?? createdAtMs) });
  }
  return raised.size === 0 ? items : items.map((item) => raised.get(item) ?? item);
}
