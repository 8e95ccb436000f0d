/** How a node's eviction may differ from the kubelet's; the meaning of each is in `core/eviction/policy.ts`. */
import { boolean, duration, number, object, oneOf } from "../field.ts";
import { pressure } from "./states.ts";

const since = { since: "0.1.0" };

export const evictionPolicyFields = {
  evictionPace: oneOf(
    ["Reference", "AsNeeded"],
    "Reference",
    pressure,
    "One pod at a time, or as many at once as the shortfall asks for.",
    since,
  ),
  softGracePeriod: oneOf(
    ["Reference", "AsDocumented"],
    "Reference",
    pressure,
    "evictionMaxPodGracePeriod replaces a pod's own grace period, or caps it; then a negative one leaves it alone.",
    since,
  ),
  overtakeTerminating: boolean(
    false,
    pressure,
    "Pods on their way out count as freed, and a hard threshold ends their grace period first.",
    since,
  ),
  memoryAvailability: oneOf(
    ["WorkingSet", "MemAvailable", "Guarded"],
    "WorkingSet",
    pressure,
    "Available memory: less the working set, the kernel's MemAvailable, or the larger of the two.",
    since,
  ),
  swapAware: boolean(false, pressure, "Free swap counts as available memory.", since),
  psiGuard: object(
    {
      someAvg10Percent: number(
        0,
        pressure,
        "Some task stalled for at least this share of 10 s; 0 does not count.",
        since,
      ),
      fullAvg10Percent: number(
        0,
        pressure,
        "All tasks stalled for at least this share of 10 s; 0 does not count.",
        since,
      ),
      cooldown: duration("0s", pressure, "No further eviction for memory within this time.", since),
    },
    pressure,
    "Memory evicts only while tasks stall for it; off while all of it is zero.",
    since,
  ),
  reclaimBeforeKill: boolean(
    false,
    pressure,
    "Ask pods over their memory request for memory before one is evicted.",
    since,
  ),
  dryRun: boolean(false, pressure, "Decide and tell, but evict nobody.", since),
};
