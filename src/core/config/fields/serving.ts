/** What the agent serves: ports, TLS, who may ask, logs of its own, debugging. */
import {
  accepted,
  boolean,
  duration,
  durationOrNanoseconds,
  integer,
  integerList,
  object,
  objectList,
  oneOf,
  optionalInteger,
  optionalObject,
  optionalString,
  quantityOrNumber,
  string,
  stringList,
  unsigned,
  used,
} from "../field.ts";
import { nodeApi, systemLogs, tracing } from "./states.ts";

const authentication = object(
  {
    x509: object(
      { clientCAFile: string("", nodeApi, "CA bundle of client certificates.", { flag: "client-ca-file" }) },
      nodeApi,
      "Client certificates.",
    ),
    webhook: object(
      {
        enabled: boolean(true, nodeApi, "Ask the API server about bearer tokens.", {
          flag: "authentication-token-webhook",
        }),
        cacheTTL: duration("2m0s", nodeApi, "How long its answers hold.", {
          flag: "authentication-token-webhook-cache-ttl",
        }),
      },
      nodeApi,
      "Bearer tokens.",
    ),
    anonymous: object(
      { enabled: boolean(false, nodeApi, "Requests without credentials are taken.", { flag: "anonymous-auth" }) },
      nodeApi,
      "Requests without credentials.",
    ),
  },
  nodeApi,
  "Who asks.",
);

const authorization = object(
  {
    mode: oneOf(["AlwaysAllow", "Webhook"], "Webhook", nodeApi, "Who decides.", { flag: "authorization-mode" }),
    webhook: object(
      {
        cacheAuthorizedTTL: duration("5m0s", nodeApi, "How long a yes holds.", {
          flag: "authorization-webhook-cache-authorized-ttl",
        }),
        cacheUnauthorizedTTL: duration("30s", nodeApi, "How long a no holds.", {
          flag: "authorization-webhook-cache-unauthorized-ttl",
        }),
      },
      nodeApi,
      "The API server's SubjectAccessReview.",
    ),
  },
  nodeApi,
  "Who may.",
);

const formatOptions = {
  splitStream: boolean(false, accepted("one stream carries all log lines"), "Errors to stderr, the rest to stdout."),
  infoBufferSize: quantityOrNumber("0", accepted("log lines are not buffered"), "Buffer of the split stream."),
};

const logging = object(
  {
    format: oneOf(["text", "json"], "text", used, "Form of the agent's log.", { flag: "logging-format" }),
    flushFrequency: durationOrNanoseconds("5s", accepted("log lines are not buffered"), "Longest delay of a line.", {
      flag: "log-flush-frequency",
    }),
    verbosity: unsigned(0, used, "How much is logged.", { flag: "v" }),
    vmodule: objectList(
      {
        filePattern: string("", used, "File name or pattern."),
        verbosity: unsigned(0, used, "How much is logged for it."),
      },
      accepted("the agent's files are not the kubelet's"),
      "Verbosity by source file.",
      { flag: "vmodule" },
    ),
    options: object(
      {
        text: object(formatOptions, used, "Options of the text format."),
        json: object(formatOptions, used, "Options of the JSON format."),
      },
      used,
      "Options of the formats.",
    ),
  },
  used,
  "The agent's own log.",
);

export const servingFields = {
  enableServer: boolean(true, nodeApi, "Serve the node API at all.", { flag: "enable-server" }),
  address: string("0.0.0.0", used, "Address of the node API and of the read-only port.", { flag: "address" }),
  port: integer(10250, nodeApi, "Port of the node API.", { flag: "port" }),
  readOnlyPort: integer(0, used, "Port without authentication; 0 is none.", { flag: "read-only-port" }),
  healthzPort: integer(10248, used, "Port of /healthz; 0 is none.", { keepsZero: true, flag: "healthz-port" }),
  healthzBindAddress: string("127.0.0.1", used, "Address of /healthz.", { flag: "healthz-bind-address" }),
  tlsCertFile: string("", nodeApi, "Certificate of the node API.", { flag: "tls-cert-file" }),
  tlsPrivateKeyFile: string("", nodeApi, "Its key.", { flag: "tls-private-key-file" }),
  tlsCipherSuites: stringList([], nodeApi, "Cipher suites, in Go's names.", { flag: "tls-cipher-suites" }),
  tlsCurvePreferences: integerList([], nodeApi, "Key exchanges, as Go's CurveID numbers.", {
    since: "1.36",
    flag: "tls-curve-preferences",
  }),
  tlsMinVersion: string("", nodeApi, "Least TLS version (VersionTLS12 ...).", { flag: "tls-min-version" }),
  authentication,
  authorization,
  enableDebuggingHandlers: boolean(true, nodeApi, "exec, attach, logs and port-forward in the node API.", {
    flag: "enable-debugging-handlers",
  }),
  enableContentionProfiling: boolean(false, accepted("a profile of Go locks"), "Profile of lock contention.", {
    flag: "contention-profiling",
  }),
  enableProfilingHandler: boolean(true, accepted("a profile of the Go runtime"), "/debug/pprof in the node API."),
  enableDebugFlagsHandler: boolean(true, nodeApi, "/debug/flags/v in the node API."),
  enableSystemLogHandler: boolean(true, systemLogs, "/logs in the node API."),
  enableSystemLogQuery: boolean(false, systemLogs, "Queries of service logs at /logs.", { since: "1.27" }),
  streamingConnectionIdleTimeout: duration("4h0m0s", nodeApi, "Idle time that ends an exec or attach stream.", {
    flag: "streaming-connection-idle-timeout",
  }),
  showHiddenMetricsForVersion: string("", accepted("no metric is hidden"), "Show metrics hidden since a version.", {
    flag: "show-hidden-metrics-for-version",
  }),
  logging,
  tracing: optionalObject(
    {
      endpoint: optionalString(tracing, "OTLP gRPC endpoint."),
      samplingRatePerMillion: optionalInteger(tracing, "Spans kept of a million."),
    },
    tracing,
    "OpenTelemetry.",
  ),
};
