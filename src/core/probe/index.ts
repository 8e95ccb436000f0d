/**
 * Probes of containers: what to do for one, and what its outcome means. Owns thresholds, results and texts, all as the
 * kubelet has them. Refuses to look at anything itself.
 */
export {
  containerPort,
  type ExecProbe,
  type GrpcProbe,
  type HttpProbe,
  type NetworkProbe,
  type ProbeAction,
  probeAction,
  type TcpProbe,
} from "./action.ts";
export { type HttpHeader, PROBE_USER_AGENT, probeHeaders } from "./http-headers.ts";
export { requestTarget } from "./request-target.ts";
export {
  beginProbe,
  concludeProbe,
  MAX_PROBE_EXECUTIONS,
  NEW_PROBE_WORKER,
  type ProbedContainer,
  type ProbeEvent,
  type ProbeObservation,
  type ProbeOutcome,
  type ProbeRecord,
  type ProbeType,
  type ProbeWorkerConfig,
  type ProbeWorkerState,
  probedContainer,
} from "./worker.ts";
