/** A flat table of routes. Patterns are paths with `{name}` segments; the first match counts. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { RequestError } from "../errors.ts";

export interface RouteRequest {
  readonly message: IncomingMessage;
  /** Of `{name}` segments, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Aborted when the client is gone or the server stops. */
  readonly signal: AbortSignal;
}

export interface Upgrade {
  readonly socket: Duplex;
  /** What came after the request's head. */
  readonly head: Buffer;
}

export interface Route {
  readonly methods: readonly string[];
  readonly path: string;
  /** Rejects with RequestError for what the client has to be told. */
  readonly handle: (request: RouteRequest, response: ServerResponse) => void | Promise<void>;
  /** Takes the connection over; a route without it answers an upgrade as any other request. */
  readonly upgrade?: (request: RouteRequest, upgrade: Upgrade) => Promise<void>;
}

export interface MatchedRoute {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** Throws RequestError where no route has the path, or none of those that have it takes the method. */
export function matchRoute(routes: readonly Route[], method: string, path: string): MatchedRoute {
  const matches = routes.flatMap((route) => {
    const params = matchPath(route.path, path);
    return params === undefined ? [] : [{ route, params }];
  });
  if (matches.length === 0) throw new RequestError("NotFound", "the server could not find the requested resource");
  // HEAD is GET without the body, which node:http leaves out by itself.
  const wanted = method === "HEAD" ? "GET" : method;
  const found = matches.find(({ route }) => route.methods.includes(wanted));
  if (found !== undefined) return found;
  throw new RequestError("MethodNotAllowed", "the server does not allow this method on the requested resource");
}

function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = decoded(given[index] ?? "");
    if (value === undefined) return undefined;
    if (!part.startsWith("{")) {
      if (part !== value) return undefined;
    } else if (value === "") return undefined;
    else params[part.slice(1, -1)] = value;
  }
  return params;
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
