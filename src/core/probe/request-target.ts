/**
 * Path and query of a request for `path` as a probe of the spec writes it: it may hold a query; a scheme, a host and a
 * fragment are dropped, and what must not stand in a request is escaped. A path with a broken escape is taken as it is,
 * `?` included. Source: kubernetes pkg/probe/http/request.go formatURL.
 */
export function requestTarget(path: string): string {
  const [, rest = ""] = /^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?(?:\/\/[^/?#]*)?([^#]*)/.exec(path) ?? [];
  if (/%(?![0-9a-fA-F]{2})/.test(rest)) return rooted(escaped(path).replaceAll("?", "%3F").replaceAll("#", "%23"));
  const query = rest.indexOf("?");
  const beforeQuery = query < 0 ? rest : rest.slice(0, query);
  const afterPath = query < 0 ? "" : rest.slice(query);
  return rooted(escapedOnce(beforeQuery)) + escapedOnce(afterPath);
}

function rooted(path: string): string {
  return path.startsWith("/") ? path : `/${path}`;
}

/** Escapes that are there stay. */
function escapedOnce(text: string): string {
  return escaped(text).replaceAll(/%25(?=[0-9a-fA-F]{2})/g, "%");
}

function escaped(text: string): string {
  // A lone surrogate has no UTF-8.
  return encodeURI(text.toWellFormed());
}
