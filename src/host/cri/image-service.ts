import type { ImageService } from "../../ports/runtime.ts";
import { createServiceCall, DEFAULT_TIMEOUT_MS, orAbsent } from "./call.ts";
import type { GrpcChannel } from "./channel.ts";
import * as image from "./image-schema.ts";
import { empty } from "./status-schema.ts";

const SERVICE = "runtime.v1.ImageService";

/** ImageService of CRI v1 over `channel`. A pull has no deadline of its own: its progress is watched elsewhere. */
export function createImageService(channel: GrpcChannel, options: { readonly timeoutMs?: number } = {}): ImageService {
  const call = createServiceCall(channel, SERVICE, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const callWithoutDeadline = createServiceCall(channel, SERVICE, undefined);
  const imageStatus: ImageService["imageStatus"] = async (spec, callOptions) => {
    const request = { image: spec };
    const response = await orAbsent(
      call("ImageStatus", image.imageRequest, request, image.imageStatusResponse, callOptions),
    );
    return response?.image;
  };
  return {
    async listImages(filter, callOptions) {
      // containerd pays no heed to the filter, so one image is asked for by its status.
      if (filter?.image !== undefined) {
        const one = await imageStatus(filter.image, callOptions);
        return one === undefined ? [] : [one];
      }
      return (await call("ListImages", image.listImagesRequest, {}, image.listImagesResponse, callOptions)).images;
    },
    imageStatus,
    async pullImage(spec, auth, sandboxConfig, callOptions) {
      const request = {
        image: spec,
        ...(auth !== undefined && { auth }),
        ...(sandboxConfig !== undefined && { sandboxConfig }),
      };
      const response = await callWithoutDeadline(
        "PullImage",
        image.pullImageRequest,
        request,
        image.pullImageResponse,
        callOptions,
      );
      return response.imageRef;
    },
    async removeImage(spec, callOptions) {
      await orAbsent(call("RemoveImage", image.imageRequest, { image: spec }, empty, callOptions));
    },
    async imageFsInfo(callOptions) {
      return call("ImageFsInfo", empty, {}, image.imageFsInfoResponse, callOptions);
    },
  };
}
