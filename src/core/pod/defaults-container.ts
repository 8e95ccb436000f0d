import type { Container, EnvVar, EphemeralContainer, LifecycleHandler, Probe } from "../api/types.ts";
import { defaultPullPolicy } from "./default-pull-policy.ts";
import { defaultFieldRef } from "./defaults-field-ref.ts";
import { defaultResources } from "./defaults-resources.ts";

/** A regular or init container with its defaults. Source: SetDefaults_Container, SetDefaults_Pod, SetDefaults_Probe. */
export function defaultContainer(container: Container, hostNetwork: boolean): Container {
  return defaultCommon(container, hostNetwork, true);
}

/** As for other containers, but limits are no requests and host ports stay. Source: SetDefaults_EphemeralContainer. */
export function defaultEphemeralContainer(container: EphemeralContainer): EphemeralContainer {
  return defaultCommon(container, false, false);
}

function defaultCommon<T extends Container | EphemeralContainer>(
  container: T,
  hostNetwork: boolean,
  requestsFromLimits: boolean,
): T {
  const { ports, env, lifecycle, livenessProbe, readinessProbe, startupProbe } = container;
  return {
    ...container,
    ...(ports && { ports: ports.map((port) => defaultPort(port, hostNetwork)) }),
    ...(env && { env: env.map(defaultEnv) }),
    resources: defaultResources(container.resources, requestsFromLimits),
    ...(livenessProbe && { livenessProbe: defaultProbe(livenessProbe) }),
    ...(readinessProbe && { readinessProbe: defaultProbe(readinessProbe) }),
    ...(startupProbe && { startupProbe: defaultProbe(startupProbe) }),
    ...(lifecycle && { lifecycle: defaultLifecycle(lifecycle) }),
    terminationMessagePath: container.terminationMessagePath || "/dev/termination-log",
    terminationMessagePolicy: container.terminationMessagePolicy || "File",
    imagePullPolicy: container.imagePullPolicy || defaultPullPolicy(container.image ?? ""),
  };
}

type Ports = NonNullable<Container["ports"]>;

function defaultPort(port: Ports[number], hostNetwork: boolean): Ports[number] {
  const hostPort = port.hostPort || (hostNetwork ? port.containerPort : 0);
  return { ...port, ...(hostPort !== 0 && { hostPort }), protocol: port.protocol || "TCP" };
}

function defaultEnv(variable: EnvVar): EnvVar {
  const fieldRef = variable.valueFrom?.fieldRef;
  if (fieldRef === undefined) return variable;
  return { ...variable, valueFrom: { ...variable.valueFrom, fieldRef: defaultFieldRef(fieldRef) } };
}

function defaultProbe(probe: Probe): Probe {
  return {
    ...probe,
    ...(probe.httpGet && { httpGet: defaultHttpGet(probe.httpGet) }),
    ...(probe.grpc && { grpc: { ...probe.grpc, service: probe.grpc.service ?? "" } }),
    timeoutSeconds: probe.timeoutSeconds || 1,
    periodSeconds: probe.periodSeconds || 10,
    successThreshold: probe.successThreshold || 1,
    failureThreshold: probe.failureThreshold || 3,
  };
}

type HttpGet = NonNullable<Probe["httpGet"]>;

function defaultHttpGet(action: HttpGet): HttpGet {
  return { ...action, path: action.path || "/", scheme: action.scheme || "HTTP" };
}

function defaultLifecycle(lifecycle: NonNullable<Container["lifecycle"]>): NonNullable<Container["lifecycle"]> {
  const { postStart, preStop } = lifecycle;
  return {
    ...lifecycle,
    ...(postStart && { postStart: defaultHandler(postStart) }),
    ...(preStop && { preStop: defaultHandler(preStop) }),
  };
}

function defaultHandler(handler: LifecycleHandler): LifecycleHandler {
  return handler.httpGet ? { ...handler, httpGet: defaultHttpGet(handler.httpGet) } : handler;
}
