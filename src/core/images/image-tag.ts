const DOMAIN_LABEL = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const DOMAIN = new RegExp(`^${DOMAIN_LABEL}(?:\\.${DOMAIN_LABEL})*(?::[0-9]+)?$`);
const PATH_COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const PATH = new RegExp(`^${PATH_COMPONENT}(?:/${PATH_COMPONENT})*$`);
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const DIGEST_LENGTHS: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };
const BARE_ID = /^[a-f0-9]{64}$/;
const MAX_NAME = 255;

/** An image reference with its defaults filled: domain `docker.io`, path `library/` for one-word names. */
export interface ImageName {
  readonly domain: string;
  readonly path: string;
  /** "latest" where neither tag nor digest is written; "" where only a digest is. */
  readonly tag: string;
  /** "" where none is written. */
  readonly digest: string;
}

/**
 * Reads an image reference; absent when it is none. Source: kubernetes util/parsers ParseImageName and
 * docker/distribution reference.ParseNormalizedNamed.
 */
export function parseImageName(image: string): ImageName | undefined {
  if (BARE_ID.test(image)) return undefined;
  const { domain, rest } = splitDomain(image);
  const at = rest.indexOf("@");
  const digest = at < 0 ? "" : rest.slice(at + 1);
  const named = at < 0 ? rest : rest.slice(0, at);
  const colon = named.indexOf(":");
  const tag = colon < 0 ? "" : named.slice(colon + 1);
  const path = colon < 0 ? named : named.slice(0, colon);
  if (!DOMAIN.test(domain) || !PATH.test(path) || domain.length + 1 + path.length > MAX_NAME) return undefined;
  if ((colon >= 0 && !TAG.test(tag)) || (at >= 0 && !isDigest(digest))) return undefined;
  return { domain, path, tag: tag === "" && digest === "" ? "latest" : tag, digest };
}

function splitDomain(image: string): { readonly domain: string; readonly rest: string } {
  const slash = image.indexOf("/");
  const first = slash < 0 ? "" : image.slice(0, slash);
  const isDomain = /[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase();
  const domain = isDomain ? first : "docker.io";
  const rest = isDomain ? image.slice(slash + 1) : image;
  if (domain === "index.docker.io") return splitDocker(rest);
  return domain === "docker.io" ? splitDocker(rest) : { domain, rest };
}

function splitDocker(rest: string): { readonly domain: string; readonly rest: string } {
  return { domain: "docker.io", rest: rest.includes("/") ? rest : `library/${rest}` };
}

function isDigest(digest: string): boolean {
  if (!DIGEST.test(digest)) return false;
  const [algorithm = "", hex = ""] = digest.split(":");
  return DIGEST_LENGTHS[algorithm] === hex.length && hex === hex.toLowerCase();
}
