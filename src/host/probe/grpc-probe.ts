/** gRPC health probes. Source of the texts: kubernetes pkg/probe/grpc/grpc.go. */

import { formatGoDuration } from "../../core/config/go-duration.ts";
import { type GrpcProbe, PROBE_USER_AGENT, type ProbeOutcome } from "../../core/probe/index.ts";
import { GrpcFailure, GrpcStatus, grpcCodeName } from "../cri/channel.ts";
import { createGrpcChannelOver } from "../cri/http2-channel.ts";
import { decode, encode, enumeration, message, string } from "../cri/message.ts";
import { addressOf, DialFailure, DialTimeout, dial } from "./dial.ts";

const HEALTH_CHECK = "/grpc.health.v1.Health/Check";
const SERVING_STATUSES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const;

const healthCheckRequest = message<{ readonly service: string }>({ service: string(1) });
const healthCheckResponse = message<{ readonly status: (typeof SERVING_STATUSES)[number] }>({
  status: enumeration(1, SERVING_STATUSES),
});

/**
 * Differs: a server that refuses the connection is a failure at once; the kubelet tries to connect until the timeout.
 */
export async function probeGrpc(probe: GrpcProbe, signal: AbortSignal): Promise<ProbeOutcome> {
  const { host, port, service, timeoutMs } = probe;
  const address = addressOf(host, port);
  const within = formatGoDuration(timeoutMs * 1e6);
  const startedAt = performance.now();
  try {
    const socket = await dial(host, port, timeoutMs, signal);
    const channel = createGrpcChannelOver(() => socket, address);
    try {
      const bytes = await channel.unary(HEALTH_CHECK, encode(healthCheckRequest, { service }), {
        timeoutMs: Math.max(1, timeoutMs - (performance.now() - startedAt)),
        signal,
        metadata: { "user-agent": PROBE_USER_AGENT },
      });
      const { status } = decode(healthCheckResponse, bytes);
      if (status === "SERVING") return { result: "Success", output: "service healthy" };
      return failure(`service unhealthy (responded with "${status}")`);
    } finally {
      channel.close();
      socket.destroy();
    }
  } catch (error) {
    if (error instanceof DialTimeout) {
      return failure(`timeout: failed to connect service "${address}" within ${within}: context deadline exceeded`);
    }
    if (error instanceof DialFailure) {
      return failure(`error: failed to connect service at "${address}": ${error.message}`);
    }
    return failure(rpcErrorText(error, within));
  }
}

function failure(output: string): ProbeOutcome {
  return { result: "Failure", output };
}

function rpcErrorText(error: unknown, within: string): string {
  if (!(error instanceof GrpcFailure)) return `error: health rpc probe failed: ${String(error)}`;
  const { grpcCode, message: text } = error;
  if (grpcCode === GrpcStatus.UNIMPLEMENTED) {
    return `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${text}`;
  }
  if (grpcCode === GrpcStatus.DEADLINE_EXCEEDED) return `timeout: health rpc did not complete within ${within}`;
  const code = grpcCodeName(grpcCode) ?? `Code(${grpcCode})`;
  return `error: health rpc probe failed: rpc error: code = ${code} desc = ${text}`;
}
