/** `image`: the name to ask the runtime for. */
export type ImageName = { readonly image: string } | { readonly error: string };

const ALPHANUMERIC = "[a-z0-9]+";
// The grammar's separator may be empty, which only joins letters: without that a match cannot backtrack for ever.
const PATH_COMPONENT = `${ALPHANUMERIC}(?:(?:[._]|__|-+)${ALPHANUMERIC})*`;
const DOMAIN_COMPONENT = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const DOMAIN = `${DOMAIN_COMPONENT}(?:\\.${DOMAIN_COMPONENT})*(?::[0-9]+)?`;
const NAME = `(?:${DOMAIN}/)?${PATH_COMPONENT}(?:/${PATH_COMPONENT})*`;
const TAG = "\\w[\\w.-]{0,127}";
const DIGEST = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
const REFERENCE = new RegExp(`^(${NAME})(?::(${TAG}))?(?:@(${DIGEST}))?$`);
const IDENTIFIER = /^[a-f0-9]{64}$/;
const DIGEST_ALGORITHM = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*$/;
const DIGEST_HEX_LENGTHS: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };
const NAME_LENGTH_MAX = 255;

/**
 * The image name with `:latest` where it has neither tag nor digest; a short name stays short.
 * Source: kubelet images applyDefaultImageTag, on the reference grammar of docker/distribution 2.8.
 */
export function imageNameWithTag(image: string): ImageName {
  const parsed = parseReference(image);
  if ("error" in parsed) return { error: parsed.error };
  return { image: parsed.isBare ? `${image}:latest` : image };
}

/**
 * The whole name without tag and digest, `docker.io/library/busybox` for `busybox:1`; `undefined`: no image is called that.
 * Source: docker/distribution reference ParseNormalizedNamed, Name.
 */
export function imageRepository(image: string): string | undefined {
  const parsed = parseReference(image);
  return "error" in parsed ? undefined : parsed.repository;
}

interface Reference {
  readonly repository: string;
  /** Neither tag nor digest. */
  readonly isBare: boolean;
}

function parseReference(image: string): Reference | { readonly error: string } {
  if (IDENTIFIER.test(image)) {
    return { error: `invalid repository name (${image}), cannot specify 64-byte hexadecimal strings` };
  }
  const { domain, remainder } = splitDomain(image);
  const [path = ""] = remainder.split(":", 1);
  if (path.toLowerCase() !== path) return { error: "invalid reference format: repository name must be lowercase" };

  const full = `${domain}/${remainder}`;
  const match = REFERENCE.exec(full);
  if (match === null) {
    const caseOnly = REFERENCE.test(full.toLowerCase());
    return { error: caseOnly ? "repository name must be lowercase" : "invalid reference format" };
  }
  const [, name = "", tag, digest] = match;
  if (name.length > NAME_LENGTH_MAX) {
    return { error: `repository name must not be more than ${NAME_LENGTH_MAX} characters` };
  }
  const digestError = digest === undefined ? undefined : digestErrorOf(digest);
  if (digestError !== undefined) return { error: digestError };
  return { repository: name, isBare: tag === undefined && digest === undefined };
}

function splitDomain(image: string): { readonly domain: string; readonly remainder: string } {
  const slash = image.indexOf("/");
  const first = image.slice(0, Math.max(slash, 0));
  const hasDomain = slash !== -1 && (/[.:]/.test(first) || first === "localhost");
  const domain = hasDomain && first !== "index.docker.io" ? first : "docker.io";
  const remainder = hasDomain ? image.slice(slash + 1) : image;
  const official = domain === "docker.io" && !remainder.includes("/");
  return { domain, remainder: official ? `library/${remainder}` : remainder };
}

/** Source: opencontainers/go-digest Validate. */
function digestErrorOf(digest: string): string | undefined {
  const colon = digest.indexOf(":");
  const algorithm = digest.slice(0, colon);
  const hex = digest.slice(colon + 1);
  const length = Object.hasOwn(DIGEST_HEX_LENGTHS, algorithm) ? DIGEST_HEX_LENGTHS[algorithm] : undefined;
  if (length === undefined) {
    return DIGEST_ALGORITHM.test(algorithm) ? "unsupported digest algorithm" : "invalid checksum digest format";
  }
  if (hex.length !== length) return "invalid checksum digest length";
  return /^[a-f0-9]+$/.test(hex) ? undefined : "invalid checksum digest format";
}
