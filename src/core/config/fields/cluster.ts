/** Being a node: registration, status, the API server, certificates, shutdown; and feature gates. */
import {
  accepted,
  boolean,
  booleanMap,
  duration,
  integer,
  longInteger,
  objectList,
  oneOf,
  optionalString,
  string,
  used,
} from "../field.ts";
import { cluster, shutdown } from "./states.ts";

const iptables = accepted("no longer has any effect in the kubelet either");

export const clusterFields = {
  registerNode: boolean(true, cluster, "Make the Node object.", { flag: "register-node" }),
  registerWithTaints: objectList(
    {
      key: string("", used, "Key."),
      value: string("", used, "Value."),
      effect: string("", used, "NoSchedule, PreferNoSchedule or NoExecute."),
      timeAdded: optionalString(used, "Not allowed here."),
    },
    used,
    "Taints of the node: pods that do not tolerate one of effect NoExecute are refused.",
    { flag: "register-with-taints" },
  ),
  providerID: string("", cluster, "Name of this machine at its cloud.", { flag: "provider-id" }),
  nodeStatusUpdateFrequency: duration("10s", cluster, "How often the node's status is computed.", {
    flag: "node-status-update-frequency",
  }),
  nodeStatusReportFrequency: duration(
    "5m0s",
    cluster,
    "How often an unchanged status is sent; nodeStatusUpdateFrequency where that is set.",
  ),
  nodeStatusMaxImages: integer(50, cluster, "Images in the node's status; -1 is all.", {
    keepsZero: true,
    flag: "node-status-max-images",
  }),
  nodeLeaseDurationSeconds: integer(40, cluster, "Lease of the node."),
  contentType: string("application/vnd.kubernetes.protobuf", cluster, "Encoding of requests to the API server.", {
    flag: "kube-api-content-type",
  }),
  kubeAPIQPS: integer(50, cluster, "Requests per second to the API server.", { keepsZero: true, flag: "kube-api-qps" }),
  kubeAPIBurst: integer(100, cluster, "Burst of them.", { flag: "kube-api-burst" }),
  eventRecordQPS: integer(50, cluster, "Events per second; 0 is no limit.", { keepsZero: true, flag: "event-qps" }),
  eventBurst: integer(100, cluster, "Burst of them.", { flag: "event-burst" }),
  configMapAndSecretChangeDetectionStrategy: oneOf(
    ["Get", "Cache", "Watch"],
    "Watch",
    cluster,
    "How changes of ConfigMaps and Secrets are seen.",
  ),
  rotateCertificates: boolean(false, cluster, "Renew the client certificate.", { flag: "rotate-certificates" }),
  serverTLSBootstrap: boolean(false, cluster, "Get the serving certificate from the API server.", {
    flag: "rotate-server-certificates",
  }),
  shutdownGracePeriod: duration("0s", shutdown, "How long a shutdown of the machine waits for pods."),
  shutdownGracePeriodCriticalPods: duration("0s", shutdown, "The part of it for critical pods."),
  shutdownGracePeriodByPodPriority: objectList(
    {
      priority: integer(0, shutdown, "Least priority.", { keepsZero: true }),
      shutdownGracePeriodSeconds: longInteger(0, shutdown, "Seconds.", { keepsZero: true }),
    },
    shutdown,
    "Grace by pod priority instead.",
  ),
  makeIPTablesUtilChains: boolean(true, cluster, "Make the KUBE-IPTABLES-HINT chain.", {
    flag: "make-iptables-util-chains",
  }),
  iptablesMasqueradeBit: integer(14, iptables, "Mark bit of masquerading.", {
    keepsZero: true,
    flag: "iptables-masquerade-bit",
  }),
  iptablesDropBit: integer(15, iptables, "Mark bit of dropping.", { keepsZero: true, flag: "iptables-drop-bit" }),
  featureGates: booleanMap({}, used, "Feature gate -> on or off.", { flag: "feature-gates" }),
};
