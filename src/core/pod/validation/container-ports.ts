import type { Container, ContainerPort } from "../../api/types.ts";
import { duplicate, type FieldError, invalid, invalidEach, notSupported, required } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { goInteger } from "./go-value.ts";
import { portNameErrors, portNumberErrors } from "./names.ts";

const PROTOCOLS = ["SCTP", "TCP", "UDP"];

/** Source: core/validation validateContainerPorts. */
export function validatePorts(ports: readonly ContainerPort[], path: FieldPath): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap((port, index) => {
    const at = path.index(index);
    return [...validatePortName(port.name ?? "", names, at.child("name")), ...validatePortNumbers(port, at)];
  });
}

/** `names`: valid names so far; grows. */
function validatePortName(name: string, names: Set<string>, path: FieldPath): FieldError[] {
  if (name === "") return [];
  const errors = invalidEach(path, name, portNameErrors(name));
  if (errors.length > 0) return errors;
  if (names.has(name)) return [duplicate(path, name)];
  names.add(name);
  return [];
}

function validatePortNumbers(port: ContainerPort, path: FieldPath): FieldError[] {
  const { containerPort, hostPort = 0, protocol = "" } = port;
  const at = path.child("containerPort");
  const errors = containerPort === 0 ? [required(at)] : invalidEach(at, containerPort, portNumberErrors(containerPort));
  if (hostPort !== 0) errors.push(...invalidEach(path.child("hostPort"), hostPort, portNumberErrors(hostPort)));
  if (protocol === "") errors.push(required(path.child("protocol")));
  else if (!PROTOCOLS.includes(protocol)) errors.push(notSupported(path.child("protocol"), protocol, PROTOCOLS));
  return errors;
}

/** Source: core/validation AccumulateUniqueHostPorts. `containersPath` is indexed by position in `containers`. */
export function validateHostPortConflicts(containers: readonly Container[], containersPath: FieldPath): FieldError[] {
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  for (const [index, container] of containers.entries()) {
    for (const [portIndex, port] of (container.ports ?? []).entries()) {
      if (!port.hostPort) continue;
      const text = `${port.protocol ?? ""}/${port.hostIP ?? ""}/${goInteger(port.hostPort)}`;
      const at = containersPath.index(index).child("ports").index(portIndex).child("hostPort");
      if (seen.has(text)) errors.push(duplicate(at, text));
      seen.add(text);
    }
  }
  return errors;
}

/** On the host's network a container port is the host's. Source: core/validation validateHostNetwork. */
export function validateHostNetworkPorts(containers: readonly Container[], path: FieldPath): FieldError[] {
  return containers.flatMap((container, index) =>
    (container.ports ?? []).flatMap((port, portIndex) => {
      if ((port.hostPort ?? 0) === port.containerPort) return [];
      const at = path.index(index).child("ports").index(portIndex).child("containerPort");
      return [invalid(at, port.containerPort, "must match `hostPort` when `hostNetwork` is true")];
    }),
  );
}
