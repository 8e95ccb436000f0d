/** What a probe of the spec asks to be done, with names, addresses and references resolved. Source: kubelet prober.go runProbe. */

import { goQuote } from "../api/go-quote.ts";
import type { Container, Probe } from "../api/types.ts";
import { expandCommand } from "../expansion/container-command.ts";
import { type HttpHeader, probeHeaders } from "./http-headers.ts";
import { requestTarget } from "./request-target.ts";

/** A command in the container. */
export interface ExecProbe {
  readonly kind: "exec";
  readonly command: readonly string[];
  readonly timeoutMs: number;
}

export interface HttpProbe {
  readonly kind: "httpGet";
  readonly scheme: "http" | "https";
  /** Name or address, an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Path and query as they stand in the request. */
  readonly target: string;
  /** Host and User-Agent among them where set; in order. */
  readonly headers: readonly HttpHeader[];
  readonly timeoutMs: number;
  /** Whatever is answered is a success (lifecycle hooks). */
  readonly anyAnswer?: true;
}

export interface TcpProbe {
  readonly kind: "tcpSocket";
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/** grpc.health.v1.Health/Check without TLS. */
export interface GrpcProbe {
  readonly kind: "grpc";
  readonly host: string;
  readonly port: number;
  /** "" asks for the server as a whole. */
  readonly service: string;
  readonly timeoutMs: number;
}

export type NetworkProbe = HttpProbe | TcpProbe | GrpcProbe;
export type ProbeAction = ExecProbe | NetworkProbe;

/** `podIp` "" where the pod has none yet. `error`: in the kubelet's words why the probe cannot be carried out. */
export function probeAction(
  probe: Probe,
  container: Container,
  podIp: string,
): ProbeAction | { readonly error: string } {
  const timeoutMs = (probe.timeoutSeconds ?? 0) * 1000;
  const { exec, httpGet, tcpSocket, grpc } = probe;
  if (exec !== undefined) {
    const values = (container.env ?? []).map(({ name, value = "" }) => ({ name, value }));
    const expanded = expandCommand({ command: exec.command ?? [] }, values);
    return "error" in expanded ? expanded : { kind: "exec", command: expanded.command, timeoutMs };
  }
  if (httpGet !== undefined) {
    const port = containerPort(httpGet.port, container);
    if ("error" in port) return port;
    const scheme = (httpGet.scheme || "http").toLowerCase() === "https" ? "https" : "http";
    const headers = probeHeaders(httpGet.httpHeaders ?? []);
    const target = requestTarget(httpGet.path ?? "");
    return { kind: "httpGet", scheme, host: httpGet.host || podIp, ...port, target, headers, timeoutMs };
  }
  if (tcpSocket !== undefined) {
    const port = containerPort(tcpSocket.port, container);
    return "error" in port ? port : { kind: "tcpSocket", host: tcpSocket.host || podIp, ...port, timeoutMs };
  }
  if (grpc !== undefined) return { kind: "grpc", host: podIp, port: grpc.port, service: grpc.service ?? "", timeoutMs };
  return { error: `missing probe handler for container ${container.name}` };
}

/** A port by number or by the name that the container gives it. Source: kubernetes pkg/probe/util.go ResolveContainerPort. */
export function containerPort(
  port: number | string,
  container: Pick<Container, "ports">,
): { readonly port: number } | { readonly error: string } {
  const named = container.ports?.find(({ name }) => name === port)?.containerPort;
  const number = typeof port === "number" ? port : (named ?? parseNumber(port));
  if (number === undefined) return { error: `strconv.Atoi: parsing ${goQuote(String(port))}: invalid syntax` };
  return number > 0 && number < 65_536 ? { port: number } : { error: `invalid port number: ${number}` };
}

function parseNumber(text: string): number | undefined {
  return /^[+-]?\d{1,18}$/.test(text) ? Number(text) : undefined;
}
