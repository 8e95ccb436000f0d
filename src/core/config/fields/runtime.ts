/** The container runtime, images and container logs. */
import {
  accepted,
  boolean,
  checkedOneOf,
  duration,
  integer,
  optionalInteger,
  quantity,
  string,
  stringList,
  used,
} from "../field.ts";

export const runtimeFields = {
  containerRuntimeEndpoint: string(
    "unix:///run/containerd/containerd.sock",
    used,
    "Socket of the CRI runtime; left unset, the embedded containerd is used.",
    { since: "1.27", flag: "container-runtime-endpoint" },
  ),
  imageServiceEndpoint: string("", used, "Socket of the image service where it is another one.", {
    since: "1.27",
    flag: "image-service-endpoint",
  }),
  runtimeRequestTimeout: duration("2m0s", used, "Time for a runtime call; pull, logs, exec and attach excepted.", {
    flag: "runtime-request-timeout",
  }),
  serializeImagePulls: boolean(true, used, "Pull one image at a time; false where maxParallelImagePulls > 1.", {
    flag: "serialize-image-pulls",
  }),
  maxParallelImagePulls: optionalInteger(used, "The most pulls at once; unset is no limit.", { since: "1.27" }),
  registryPullQPS: integer(5, used, "Pulls per second; 0 is no limit.", {
    keepsZero: true,
    flag: "registry-qps",
  }),
  registryBurst: integer(10, used, "Pulls in a burst above registryPullQPS.", { flag: "registry-burst" }),
  imagePullCredentialsVerificationPolicy: checkedOneOf(
    ["", "NeverVerify", "NeverVerifyPreloadedImages", "NeverVerifyAllowlistedImages", "AlwaysVerify"],
    "",
    used,
    "Whether a pod needs its own credentials for an image that is already here.",
    { since: "1.33" },
  ),
  preloadedImagesVerificationAllowlist: stringList([], used, "Images free of that check.", {
    since: "1.33",
  }),
  imageMinimumGCAge: duration("2m0s", used, "Least age of an unused image before it may be removed.", {
    flag: "minimum-image-ttl-duration",
  }),
  imageMaximumGCAge: duration("0s", used, "Age at which an unused image is removed anyway; 0s is never.", {
    since: "1.29",
  }),
  imageGCHighThresholdPercent: integer(85, used, "Disk usage that starts image garbage collection.", {
    keepsZero: true,
    flag: "image-gc-high-threshold",
  }),
  imageGCLowThresholdPercent: integer(80, used, "Disk usage that it frees down to.", {
    keepsZero: true,
    flag: "image-gc-low-threshold",
  }),
  containerLogMaxSize: quantity("10Mi", used, "Size at which a container's log is rotated.", {
    flag: "container-log-max-size",
  }),
  containerLogMaxFiles: integer(5, used, "Log files kept for a container, at least 2.", {
    keepsZero: true,
    flag: "container-log-max-files",
  }),
  containerLogMaxWorkers: integer(
    1,
    accepted("one rotation after the other; each takes a moment"),
    "Rotations at a time.",
    { since: "1.30", keepsZero: true },
  ),
  containerLogMonitorInterval: duration("10s", used, "How often log sizes are looked at, at least 3s.", {
    since: "1.30",
    keepsZero: true,
  }),
  podLogsDir: string("/var/log/pods", used, "Directory of container logs; absolute, ASCII.", { since: "1.30" }),
};
