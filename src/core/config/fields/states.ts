/** Features that are not built yet, in the words of the warning at start; one place to change when one lands. */
import { notYet } from "../field.ts";

export const volumes = notYet("volume plugins", "issue 5");
export const nodeApi = notYet("the node API over HTTPS");
export const cluster = notYet("being a node of a cluster");
export const shutdown = notYet("graceful node shutdown");
export const topology = notYet("CPU, memory and topology managers");
export const swap = notYet("swap for pods");
export const memoryQos = notYet("memory QoS");
export const tracing = notYet("tracing");
export const systemLogs = notYet("logs of the node's own services");
