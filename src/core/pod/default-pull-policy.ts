import { imageNameWithTag } from "../images/image-name.ts";

/** `Always` for the tag `latest`, written or implied; an image that cannot be read counts as tagged. */
export function defaultPullPolicy(image: string): "Always" | "IfNotPresent" {
  const named = imageNameWithTag(image);
  if ("error" in named) return "IfNotPresent";
  const [withoutDigest = ""] = named.image.split("@", 1);
  return withoutDigest.endsWith(":latest") ? "Always" : "IfNotPresent";
}
