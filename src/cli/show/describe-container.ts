/** One container in `describe pod`. Source: kubectl pkg/describe describe.go describeContainers. */
import type { Container, ContainerState, ContainerStatus, EnvVar, Probe } from "../../core/api/types.ts";
import { type PullProgress, progressText } from "../../core/images/pull-progress.ts";
import { longTime } from "./describe-time.ts";
import type { OutlineItem } from "./outline.ts";

const NONE = "<none>";

/** `pull`: its image is being pulled. */
export function describeContainer(
  container: Container,
  status: ContainerStatus | undefined,
  pull?: PullProgress,
): OutlineItem {
  const { image = "", ports = [], command, args, resources, env = [], envFrom = [], volumeMounts = [] } = container;
  const probes = {
    Liveness: container.livenessProbe,
    Readiness: container.readinessProbe,
    Startup: container.startupProbe,
  };
  const portTexts = ports.map(({ containerPort, protocol = "TCP" }) => `${containerPort}/${protocol}`);
  const hostTexts = ports.map(({ hostPort = 0, protocol = "TCP", hostIP }) => {
    return `${hostIP === undefined || hostPort === 0 ? "" : `${hostIP}:`}${hostPort}/${protocol}`;
  });
  const many = ports.length > 1 ? "s" : "";
  return {
    key: container.name,
    children: [
      { key: "Container ID", value: status?.containerID ?? "" },
      { key: "Image", value: image },
      { key: "Image ID", value: status?.imageID ?? "" },
      ...(pull === undefined ? [] : [{ key: "Pulling", value: progressText(pull) }]),
      { key: `Port${many}`, value: portTexts.join(", ") || NONE },
      { key: `Host Port${many}`, value: hostTexts.join(", ") || NONE },
      ...listItem("Command", command),
      ...listItem("Args", args),
      ...stateItems("State", status?.state),
      ...(hasState(status?.lastState) ? stateItems("Last State", status?.lastState) : []),
      ...(status === undefined ? [] : [{ key: "Ready", value: status.ready ? "True" : "False" }]),
      ...(status === undefined ? [] : [{ key: "Restart Count", value: String(status.restartCount) }]),
      ...mapItem("Limits", resources?.limits),
      ...mapItem("Requests", resources?.requests),
      ...Object.entries(probes).flatMap(([key, probe]) => (probe == null ? [] : [{ key, value: probeText(probe) }])),
      ...(envFrom.length === 0
        ? []
        : [
            {
              key: "Environment Variables from",
              block: envFrom.map(({ configMapRef, secretRef, prefix }) => {
                const kind = configMapRef == null ? "Secret" : "ConfigMap";
                const source = configMapRef ?? secretRef;
                const withPrefix = prefix ? ` with prefix '${prefix}'` : "";
                return `${source?.name ?? ""}  ${kind}${withPrefix}  Optional: ${source?.optional ?? false}`;
              }),
            },
          ]),
      env.length === 0
        ? { key: "Environment", value: NONE }
        : { key: "Environment", children: env.map((variable) => ({ key: variable.name, value: envText(variable) })) },
      volumeMounts.length === 0
        ? { key: "Mounts", value: NONE }
        : {
            key: "Mounts",
            block: volumeMounts.map(({ mountPath, name, readOnly, subPath }) => {
              const path = subPath ? `,path="${subPath}"` : "";
              return `${mountPath} from ${name} (${readOnly === true ? "ro" : "rw"}${path})`;
            }),
          },
    ],
  };
}

function listItem(key: string, list: readonly string[] | undefined): readonly OutlineItem[] {
  if (list === undefined || list.length === 0) return [];
  return [{ key, block: list.flatMap((text) => text.trimEnd().split("\n")) }];
}

function mapItem(key: string, map: Readonly<Record<string, string>> | undefined): readonly OutlineItem[] {
  const entries = Object.entries(map ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? [] : [{ key, children: entries.map(([name, value]) => ({ key: name, value })) }];
}

function hasState(state: ContainerState | undefined): boolean {
  return state?.running != null || state?.waiting != null || state?.terminated != null;
}

function stateItems(key: string, state: ContainerState | undefined): readonly OutlineItem[] {
  if (state?.running != null) {
    return [{ key, value: "Running", children: [{ key: "Started", value: longTime(state.running.startedAt) }] }];
  }
  if (state?.terminated == null) {
    const { reason, message } = state?.waiting ?? {};
    return [{ key, value: "Waiting", children: [...textItem("Reason", reason), ...textItem("Message", message)] }];
  }
  const { reason, message, exitCode, signal, startedAt, finishedAt } = state.terminated;
  const children = [
    ...textItem("Reason", reason),
    ...textItem("Message", message),
    { key: "Exit Code", value: String(exitCode) },
    ...(signal ? [{ key: "Signal", value: String(signal) }] : []),
    ...textItem("Started", longTime(startedAt)),
    ...textItem("Finished", longTime(finishedAt)),
  ];
  return [{ key, value: "Terminated", children }];
}

function textItem(key: string, text: string | undefined): readonly OutlineItem[] {
  return text ? [{ key, value: text.trimEnd().split("\n") }] : [];
}

function envText({ value, valueFrom }: EnvVar): string {
  if (valueFrom == null) return value ?? "";
  const { configMapKeyRef, secretKeyRef, fieldRef, resourceFieldRef } = valueFrom;
  if (configMapKeyRef != null) {
    const { key, name = "", optional = false } = configMapKeyRef;
    return `<set to the key '${key}' of config map '${name}'>  Optional: ${optional}`;
  }
  if (secretKeyRef != null) {
    const { key, name = "", optional = false } = secretKeyRef;
    return `<set to the key '${key}' in secret '${name}'>  Optional: ${optional}`;
  }
  if (fieldRef != null) return `(${fieldRef.apiVersion ?? "v1"}:${fieldRef.fieldPath})`;
  return `(${resourceFieldRef?.resource ?? ""})`;
}

function probeText(probe: Probe): string {
  const {
    initialDelaySeconds = 0,
    timeoutSeconds = 1,
    periodSeconds = 10,
    successThreshold = 1,
    failureThreshold = 3,
  } = probe;
  const attributes =
    `delay=${initialDelaySeconds}s timeout=${timeoutSeconds}s period=${periodSeconds}s ` +
    `#success=${successThreshold} #failure=${failureThreshold}`;
  return `${probeAction(probe)} ${attributes}`;
}

function probeAction({ exec, httpGet, tcpSocket, grpc }: Probe): string {
  if (exec != null) return `exec [${(exec.command ?? []).join(" ")}]`;
  if (httpGet != null) {
    const { scheme = "HTTP", host = "", port, path = "" } = httpGet;
    return `http-get ${scheme.toLowerCase()}://${host}:${port}${path}`;
  }
  if (tcpSocket != null) return `tcp-socket ${tcpSocket.host ?? ""}:${tcpSocket.port}`;
  return `grpc <pod>:${grpc?.port ?? 0} ${grpc?.service ?? ""}`.trimEnd();
}
