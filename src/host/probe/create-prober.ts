import type { Prober } from "../../ports/prober.ts";
import { probeGrpc } from "./grpc-probe.ts";
import { probeHttp } from "./http-probe.ts";
import { probeTcp } from "./tcp-probe.ts";

/** Probes over this machine's network, without proxies. */
export function createProber(): Prober {
  return {
    async probe(probe, signal = new AbortController().signal) {
      switch (probe.kind) {
        case "httpGet":
          return probeHttp(probe, signal);
        case "tcpSocket":
          return probeTcp(probe, signal);
        case "grpc":
          return probeGrpc(probe, signal);
      }
    },
  };
}
