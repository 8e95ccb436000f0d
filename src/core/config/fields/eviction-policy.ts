/** How a node's eviction may differ from the kubelet's; the meaning of each is in `core/eviction/policy.ts`. */
import { boolean, duration, number, object, oneOf, used } from "../field.ts";

const since = { since: "0.1.0" };

export const evictionPolicyFields = {
  evictionPace: oneOf(
    ["Reference", "AsNeeded"],
    "AsNeeded",
    used,
    "One pod at a time, or as many at once as the shortfall asks for.",
    since,
  ),
  softGracePeriod: oneOf(
    ["Reference", "AsDocumented"],
    "AsDocumented",
    used,
    "evictionMaxPodGracePeriod replaces a pod's own grace period, or caps it; then a negative one leaves it alone.",
    since,
  ),
  overtakeTerminating: boolean(
    true,
    used,
    "Pods on their way out count as freed, and a hard threshold ends their grace period first.",
    since,
  ),
  memoryAvailability: oneOf(
    ["WorkingSet", "MemAvailable", "Guarded"],
    "WorkingSet",
    used,
    "Available memory: less the working set, the kernel's MemAvailable, or the larger of the two.",
    since,
  ),
  swapAware: boolean(false, used, "Free swap counts as available memory.", since),
  psiGuard: object(
    {
      someAvg10Percent: number(0, used, "Some task stalled for at least this share of 10 s; 0 does not count.", since),
      fullAvg10Percent: number(0, used, "All tasks stalled for at least this share of 10 s; 0 does not count.", since),
      cooldown: duration("0s", used, "No further eviction for memory within this time.", since),
    },
    used,
    "Memory evicts only while tasks stall for it; off while all of it is zero.",
    since,
  ),
  reclaimBeforeKill: boolean(
    false,
    used,
    "Ask pods over their memory request for memory before one is evicted.",
    since,
  ),
  dryRun: boolean(false, used, "Decide and tell, but evict nobody.", since),
};
