export interface HttpHeader {
  readonly name: string;
  readonly value: string;
}

/** As the kubelet of the reference version calls itself: servers that treat probes apart look for it. */
export const PROBE_USER_AGENT = "kube-probe/1.26";

/**
 * Headers of an HTTP probe: those of the spec, and User-Agent and Accept where the spec has none; an empty Accept of the
 * spec takes it away. Source: kubernetes pkg/probe/http/request.go.
 */
export function probeHeaders(given: readonly HttpHeader[], userAgent = PROBE_USER_AGENT): readonly HttpHeader[] {
  const find = (wanted: string) => given.find(({ name }) => name.toLowerCase() === wanted);
  const accept = find("accept");
  const kept = accept?.value === "" ? given.filter(({ name }) => name.toLowerCase() !== "accept") : given;
  return [
    ...kept,
    ...(find("user-agent") === undefined ? [{ name: "User-Agent", value: userAgent }] : []),
    ...(accept === undefined ? [{ name: "Accept", value: "*/*" }] : []),
  ];
}
