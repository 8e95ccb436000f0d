/** Events, listed and watched. */
import type { ServerResponse } from "node:http";
import type { RecordedEvent } from "../../agent/events/event-recorder.ts";
import { answerJson } from "../http/answer.ts";
import type { Route, RouteRequest } from "../http/route-table.ts";
import { type Lines, streamLines } from "../http/stream-lines.ts";
import { eventObject, listObject } from "./objects.ts";
import type { ServerPorts } from "./ports.ts";
import { parseSelector } from "./selector.ts";

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
function watchEvents(
  { agent }: ServerPorts,
  select: (event: RecordedEvent) => boolean,
  { signal }: RouteRequest,
  response: ServerResponse,
): Promise<void> {
  const lines: Lines<RecordedEvent> = {
    first: agent.events().filter(select),
    subscribe: (push) =>
      agent.onEvent((event) => {
        if (select(event)) push(event);
      }),
    toObject: (event) => ({
      type: event.count === 1 ? "ADDED" : "MODIFIED",
      object: eventObject(event, agent.nodeName),
    }),
  };
  return streamLines(lines, response, signal);
}
