/** Events, listed and watched. */
import type { ServerResponse } from "node:http";
import type { RecordedEvent } from "../../agent/events/event-recorder.ts";
import { answerJson } from "../http/answer.ts";
import type { Route, RouteRequest } from "../http/route-table.ts";
import { writeAll } from "../http/write-all.ts";
import { eventObject, listObject } from "./objects.ts";
import type { ServerPorts } from "./ports.ts";
import { parseSelector } from "./selector.ts";

/** A watcher that does not take its events is cut off at this many. */
const MAX_WAITING = 10_000;

export function eventRoutes(ports: ServerPorts): readonly Route[] {
  const { agent } = ports;
  const handle = (request: RouteRequest, response: ServerResponse) => {
    const select = selectEvents(request);
    if (request.query.get("watch") === "true") return watchEvents(ports, select, request, response);
    const items = agent.events().filter(select);
    return answerJson(
      response,
      listObject(
        "Event",
        items.map((event) => eventObject(event, agent.nodeName)),
      ),
    );
  };
  return [
    { methods: ["GET"], path: "/api/v1/events", handle },
    { methods: ["GET"], path: "/api/v1/namespaces/{namespace}/events", handle },
  ];
}

function selectEvents({ params, query }: RouteRequest): (event: RecordedEvent) => boolean {
  const { namespace } = params;
  const fields = parseSelector(query.get("fieldSelector") ?? "");
  return (event) => (namespace === undefined || event.namespace === namespace) && fields(selectableFields(event));
}

/** Source: kubernetes pkg/registry/core/event strategy.go ToSelectableFields. */
function selectableFields(event: RecordedEvent): Readonly<Record<string, string>> {
  const { kind = "", namespace = "", name = "", uid = "" } = event.involvedObject;
  return {
    "metadata.name": event.name,
    "metadata.namespace": event.namespace,
    "involvedObject.kind": kind,
    "involvedObject.namespace": namespace,
    "involvedObject.name": name,
    "involvedObject.uid": uid,
    reason: event.reason,
    type: event.type,
  };
}

/** Every event there is as ADDED, then each new or repeated one, a line each. */
async function watchEvents(
  { agent }: ServerPorts,
  select: (event: RecordedEvent) => boolean,
  { signal }: RouteRequest,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(200, { "Content-Type": "application/json" });
  response.flushHeaders();
  const waiting: RecordedEvent[] = agent.events().filter(select);
  let wake = () => {};
  const stop = agent.onEvent((event) => {
    if (select(event)) waiting.push(event);
    wake();
  });
  signal.addEventListener("abort", () => wake(), { once: true });
  try {
    while (!signal.aborted && waiting.length <= MAX_WAITING) {
      const event = waiting.shift();
      if (event === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const type = event.count === 1 ? "ADDED" : "MODIFIED";
      const line = `${JSON.stringify({ type, object: eventObject(event, agent.nodeName) })}\n`;
      if (!(await writeAll(response, line, signal))) return;
    }
  } finally {
    stop();
    response.destroy();
  }
}
