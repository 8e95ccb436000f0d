import { cgroupsContract } from "./cgroups-contract.ts";
import { createMachineCgroups } from "./cgroups-world.ts";

// Which version of cgroups it is depends on the machine; the virtual machine of test/vm runs the same suite on v2.
cgroupsContract("host, driver cgroupfs", () => createMachineCgroups("cgroupfs"));
