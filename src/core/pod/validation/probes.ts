import type { Container, LifecycleHandler, Probe } from "../../api/types.ts";
import { type FieldError, forbidden, invalid, invalidEach, notSupported, required } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { httpHeaderNameErrors, portNameErrors, portNumberErrors } from "./names.ts";

const SCHEMES = ["HTTP", "HTTPS"];
const COUNTERS = [
  "initialDelaySeconds",
  "timeoutSeconds",
  "periodSeconds",
  "successThreshold",
  "failureThreshold",
] as const;

/** Probes and hooks of a regular container or a sidecar; `graceSeconds`: the pod's. Source: core/validation validateLivenessProbe and its siblings. */
export function validateProbesAndHooks(
  container: Container,
  graceSeconds: number | undefined,
  path: FieldPath,
): FieldError[] {
  const { lifecycle, livenessProbe, readinessProbe, startupProbe } = container;
  return [
    ...(lifecycle ? validateLifecycle(lifecycle, graceSeconds, path.child("lifecycle")) : []),
    ...(livenessProbe ? validateKillingProbe(livenessProbe, path.child("livenessProbe")) : []),
    ...(readinessProbe ? validateReadinessProbe(readinessProbe, path.child("readinessProbe")) : []),
    ...(startupProbe ? validateKillingProbe(startupProbe, path.child("startupProbe")) : []),
  ];
}

function validateKillingProbe(probe: Probe, path: FieldPath): FieldError[] {
  const errors = validateProbe(probe, path);
  const threshold = probe.successThreshold ?? 0;
  if (threshold !== 1) errors.push(invalid(path.child("successThreshold"), threshold, "must be 1"));
  return errors;
}

function validateReadinessProbe(probe: Probe, path: FieldPath): FieldError[] {
  const errors = validateProbe(probe, path);
  const seconds = probe.terminationGracePeriodSeconds;
  if (seconds !== undefined) {
    const detail = "must not be set for readinessProbes";
    errors.push(invalid(path.child("terminationGracePeriodSeconds"), seconds, detail));
  }
  return errors;
}

function validateProbe(probe: Probe, path: FieldPath): FieldError[] {
  const errors = validateHandler(probe, path);
  for (const counter of COUNTERS) {
    const value = probe[counter] ?? 0;
    if (value < 0) errors.push(invalid(path.child(counter), value, "must be greater than or equal to 0"));
  }
  const seconds = probe.terminationGracePeriodSeconds;
  if (seconds !== undefined && seconds <= 0) {
    errors.push(invalid(path.child("terminationGracePeriodSeconds"), seconds, "must be greater than 0"));
  }
  return errors;
}

function validateLifecycle(
  lifecycle: NonNullable<Container["lifecycle"]>,
  graceSeconds: number | undefined,
  path: FieldPath,
): FieldError[] {
  const { postStart, preStop } = lifecycle;
  const validate = (hook: LifecycleHandler, at: FieldPath) => [
    ...validateHandler(hook, at),
    ...(hook.sleep ? validateSleep(hook.sleep.seconds, graceSeconds, at.child("sleep")) : []),
  ];
  return [
    ...(postStart ? validate(postStart, path.child("postStart")) : []),
    ...(preStop ? validate(preStop, path.child("preStop")) : []),
  ];
}

/** Source: core/validation validateSleepAction (1.34). */
function validateSleep(seconds: number, graceSeconds: number | undefined, path: FieldPath): FieldError[] {
  if (seconds >= 0 && (graceSeconds === undefined || seconds <= graceSeconds)) return [];
  const limit = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds ?? 0})`;
  return [invalid(path, seconds, limit)];
}

type Handler = Pick<Probe, "exec" | "httpGet" | "tcpSocket" | "grpc"> & Pick<LifecycleHandler, "sleep">;

function validateHandler(handler: Handler, path: FieldPath): FieldError[] {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  const found: { readonly field: string; readonly errors: readonly FieldError[] }[] = [];
  if (exec) {
    const command = exec.command ?? [];
    const errors = command.length === 0 ? [required(path.child("exec").child("command"))] : [];
    found.push({ field: "exec", errors });
  }
  if (httpGet) found.push({ field: "httpGet", errors: validateHttpGet(httpGet, path.child("httpGet")) });
  if (tcpSocket) {
    found.push({ field: "tcpSocket", errors: validatePort(tcpSocket.port, path.child("tcpSocket").child("port")) });
  }
  if (sleep) found.push({ field: "sleep", errors: [] });
  if (grpc) found.push({ field: "grpc", errors: validatePort(grpc.port, path.child("grpc").child("port")) });
  const [first, ...others] = found;
  if (first === undefined) return [required(path, "must specify a handler type")];
  const detail = "may not specify more than 1 handler type";
  return [...first.errors, ...others.map(({ field }) => forbidden(path.child(field), detail))];
}

function validateHttpGet(action: NonNullable<Probe["httpGet"]>, path: FieldPath): FieldError[] {
  const errors = action.path ? [] : [required(path.child("path"))];
  errors.push(...validatePort(action.port, path.child("port")));
  const scheme = action.scheme ?? "";
  if (!SCHEMES.includes(scheme)) errors.push(notSupported(path.child("scheme"), scheme, SCHEMES));
  for (const { name } of action.httpHeaders ?? []) {
    errors.push(...invalidEach(path.child("httpHeaders"), name, httpHeaderNameErrors(name)));
  }
  return errors;
}

function validatePort(port: number | string, path: FieldPath): FieldError[] {
  return invalidEach(path, port, typeof port === "number" ? portNumberErrors(port) : portNameErrors(port));
}
