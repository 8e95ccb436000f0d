/** Reserved resources and the cgroups that enforce them, NUMA memory, addresses, user namespaces. */
import { isQuantityError, isZeroQuantity, parseQuantity, quantitySign, quantityValue } from "../../quantity/index.ts";
import type { KubeletConfiguration } from "../kubelet-fields.ts";
import type { Refuse } from "../validate-kubelet.ts";

export function validateReservations(config: KubeletConfiguration, invalid: Refuse): void {
  if (config.systemCgroups !== "" && config.cgroupRoot === "") {
    const text = "systemCgroups (--system-cgroups) was specified and cgroupRoot (--cgroup-root) was not specified";
    invalid(["systemCgroups"], text);
  }
  validateEnforcements(config, invalid);
  validateReservedCpus(config, invalid);
  validateReservedMemory(config, invalid);
  validateReserved(config, "systemReserved", invalid);
  validateReserved(config, "kubeReserved", invalid);
  const size = parseQuantity(config.containerLogMaxSize);
  if (isQuantityError(size) || quantityValue(size) <= 0n) {
    const value = JSON.stringify(config.containerLogMaxSize);
    invalid(["containerLogMaxSize"], `containerLogMaxSize ${value} must be a positive quantity`);
  }
  const ids = config.userNamespaces?.idsPerPod;
  if (ids !== undefined && (ids <= 0 || ids % 65536 !== 0 || ids >= 2 ** 32)) {
    const text = `userNamespaces.idsPerPod ${ids} must be a positive multiple of 65536 and less than 1<<32`;
    invalid(["userNamespaces", "idsPerPod"], text);
  }
}

const pairs = [
  ["system-reserved", "system-reserved-compressible"],
  ["kube-reserved", "kube-reserved-compressible"],
] as const;

function validateEnforcements(config: KubeletConfiguration, invalid: Refuse): void {
  const list = config.enforceNodeAllocatable;
  const field = "enforceNodeAllocatable (--enforce-node-allocatable)";
  const path = ["enforceNodeAllocatable"];
  for (const [plain, compressible] of pairs) {
    if (list.includes(plain) && list.includes(compressible)) {
      invalid(path, `both "${plain}" and "${compressible}" cannot be specified together in ${field}`);
    }
  }
  const seen = new Set<string>();
  for (const value of list) {
    if (seen.has(value)) {
      invalid(path, `duplicated enforcements ${JSON.stringify(value)} in ${field}`);
      continue;
    }
    seen.add(value);
    if (value === "none") {
      if (list.length > 1) invalid(path, `${field} may not contain additional enforcements when "none" is specified`);
      continue;
    }
    if (!validateEnforcement(config, value, field, invalid)) continue;
    if (!config.cgroupsPerQOS) {
      const text = "cgroupsPerQOS (--cgroups-per-qos) must be set to true when";
      invalid(["cgroupsPerQOS"], `${text} ${JSON.stringify(value)} contained in ${field}`);
    }
  }
}

/** False for an enforcement that does not exist. */
function validateEnforcement(config: KubeletConfiguration, value: string, field: string, invalid: Refuse): boolean {
  if (value === "pods") return true;
  const [system, kube] = pairs;
  const included = (pair: readonly string[]) => `must be specified when "${pair.join('" or "')}" included in ${field}`;
  if (system.some((name) => name === value)) {
    if (config.systemReservedCgroup === "") {
      const text = `systemReservedCgroup (--system-reserved-cgroup) ${included(system)}`;
      invalid(["enforceNodeAllocatable"], text);
    }
    return true;
  }
  if (kube.some((name) => name === value)) {
    if (config.kubeReservedCgroup === "") {
      invalid(["enforceNodeAllocatable"], `kubeReservedCgroup (--kube-reserved-cgroup) ${included(kube)}`);
    }
    return true;
  }
  const options = `"pods", "${[...system, ...kube].join('", "')}" or "none"`;
  invalid(
    ["enforceNodeAllocatable"],
    `option ${JSON.stringify(value)} specified for ${field}. Valid options are ${options}`,
  );
  return false;
}

function validateReservedCpus(config: KubeletConfiguration, invalid: Refuse): void {
  const { reservedSystemCPUs } = config;
  const path = ["reservedSystemCPUs"];
  if (reservedSystemCPUs === "") return;
  if (config.systemReservedCgroup !== "" || config.kubeReservedCgroup !== "") {
    const cgroups = "systemReservedCgroup (--system-reserved-cgroup) or kubeReservedCgroup (--kube-reserved-cgroup)";
    invalid(path, `can't use reservedSystemCPUs (--reserved-cpus) with ${cgroups}`);
  }
  for (const range of reservedSystemCPUs.split(",")) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(range);
    if (match !== null && Number(match[2] ?? match[1]) >= Number(match[1])) continue;
    const label = `unable to parse reservedSystemCPUs (--reserved-cpus) ${reservedSystemCPUs}`;
    invalid(path, `${label}, error: invalid range ${JSON.stringify(range)}`);
  }
}

function validateReservedMemory(config: KubeletConfiguration, invalid: Refuse): void {
  const seen = new Set<string>();
  config.reservedMemory.forEach(({ numaNode, limits }, index) => {
    for (const [name, text] of Object.entries(limits)) {
      const path = ["reservedMemory", index, "limits", name];
      if (name !== "memory" && !name.startsWith("hugepages-")) {
        const only = "only [memory hugepages-<HugePageSize>] is accepted";
        invalid(path, `the limit type "${name}" for NUMA node ${numaNode} is not supported, ${only}`);
      }
      const amount = parseQuantity(text);
      if (!isQuantityError(amount) && isZeroQuantity(amount)) {
        invalid(path, `reserved memory may not be zero for NUMA node ${numaNode} and resource "${name}"`);
      }
      const key = `${numaNode}/${name}`;
      if (seen.has(key)) {
        const label = "the reserved memory has a duplicate value";
        invalid(path, `${label} for NUMA node ${numaNode} and resource "${name}"`);
      }
      seen.add(key);
    }
  });
}

/** cmd/kubelet/app/server.go parseResourceList, which runs when the container manager is made. */
function validateReserved(
  config: KubeletConfiguration,
  field: "systemReserved" | "kubeReserved",
  invalid: Refuse,
): void {
  for (const [name, text] of Object.entries(config[field])) {
    const path = [field, name];
    if (!["cpu", "memory", "ephemeral-storage", "pid"].includes(name)) {
      invalid(path, `cannot reserve "${name}" resource`);
      continue;
    }
    const amount = parseQuantity(text);
    if (!isQuantityError(amount) && quantitySign(amount) < 0) {
      invalid(path, `resource quantity for "${name}" cannot be negative: ${text}`);
    }
  }
}
