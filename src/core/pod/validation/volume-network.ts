import type { Volume } from "../../api/types.ts";
import { byteLength } from "./byte-length.ts";
import { type FieldError, invalid, invalidEach, notSupported, required, tooLong } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { dnsLabelErrors, dnsSubdomainErrors, rangeError } from "./names.ts";
import { validateRelativePath } from "./paths.ts";

/** Volumes served by something outside the node. Source: core/validation, one function for each. */

type Source<K extends keyof Volume> = NonNullable<Volume[K]>;

/** One "Required value" for each of these that is empty, in their order. */
function requiredTexts(path: FieldPath, values: Readonly<Record<string, string | undefined>>): FieldError[] {
  return Object.entries(values)
    .filter(([, value]) => !value)
    .map(([field]) => required(path.child(field)));
}

function secretName(ref: { readonly name?: string } | undefined, path: FieldPath, field = "secretRef"): FieldError[] {
  return ref !== undefined && !ref.name ? [required(path.child(field, "name"))] : [];
}

export function validateGitRepo(source: Source<"gitRepo">, path: FieldPath): FieldError[] {
  return [
    ...requiredTexts(path, { repository: source.repository }),
    ...validateRelativePath(source.directory ?? "", path.child("directory")),
  ];
}

function validatePartition(partition: number | undefined, path: FieldPath): FieldError[] {
  const value = partition ?? 0;
  return value >= 0 && value <= 255 ? [] : [invalid(path.child("partition"), value, rangeError(1, 255))];
}

export function validateGcePersistentDisk(source: Source<"gcePersistentDisk">, path: FieldPath): FieldError[] {
  return [...requiredTexts(path, { pdName: source.pdName }), ...validatePartition(source.partition, path)];
}

export function validateAwsElasticBlockStore(source: Source<"awsElasticBlockStore">, path: FieldPath): FieldError[] {
  return [...requiredTexts(path, { volumeID: source.volumeID }), ...validatePartition(source.partition, path)];
}

export function validateNfs(source: Source<"nfs">, path: FieldPath): FieldError[] {
  const errors = requiredTexts(path, { server: source.server, path: source.path });
  if (!source.path.startsWith("/")) {
    errors.push(invalid(path.child("path"), source.path, "must be an absolute path"));
  }
  return errors;
}

/** Longer names cannot be valid; the patterns are not tried on them. */
const MAX_INITIATOR = 4096;
const IQN = /iqn\.\d{4}-\d{2}\.[0-9A-Za-z\-.]+:[^,;*&$|\t\n\f\r ]+$/;
const EUI = /^eui.[0-9A-Za-z]{16}$/;
const NAA = /^naa.[0-9A-Za-z]{32}$/;

function initiatorErrors(name: string): string[] {
  const kind = name.slice(0, 3);
  const pattern = { iqn: IQN, eui: EUI, naa: NAA }[kind];
  if (pattern === undefined) return ["must be valid format starting with iqn, eui, or naa"];
  return name.length <= MAX_INITIATOR && pattern.test(name) ? [] : ["must be valid format"];
}

export function validateIscsi(source: Source<"iscsi">, path: FieldPath): FieldError[] {
  const errors = requiredTexts(path, { targetPortal: source.targetPortal, iqn: source.iqn });
  if (source.iqn !== "") errors.push(...invalidEach(path.child("iqn"), source.iqn, initiatorErrors(source.iqn)));
  errors.push(...validateLun(source.lun, path));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && source.secretRef === undefined) {
    errors.push(required(path.child("secretRef")));
  }
  const initiator = source.initiatorName;
  if (initiator !== undefined) {
    errors.push(...invalidEach(path.child("initiatorname"), initiator, initiatorErrors(initiator)));
  }
  return errors;
}

function validateLun(lun: number, path: FieldPath): FieldError[] {
  return lun >= 0 && lun <= 255 ? [] : [invalid(path.child("lun"), lun, rangeError(0, 255))];
}

export function validateGlusterfs(source: Source<"glusterfs">, path: FieldPath): FieldError[] {
  return requiredTexts(path, { endpoints: source.endpoints, path: source.path });
}

export function validateFlocker(source: Source<"flocker">, path: FieldPath): FieldError[] {
  const { datasetName = "", datasetUUID = "" } = source;
  const errors: FieldError[] = [];
  if (datasetName === "" && datasetUUID === "") {
    errors.push(required(path, "one of datasetName and datasetUUID is required"));
  }
  if (datasetName !== "" && datasetUUID !== "") {
    errors.push(invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously"));
  }
  if (datasetName.includes("/")) {
    errors.push(invalid(path.child("datasetName"), datasetName, "must not contain '/'"));
  }
  return errors;
}

function validateMonitors(monitors: readonly string[] | undefined, path: FieldPath): FieldError[] {
  return monitors === undefined || monitors.length === 0 ? [required(path.child("monitors"))] : [];
}

export function validateRbd(source: Source<"rbd">, path: FieldPath): FieldError[] {
  return [...validateMonitors(source.monitors, path), ...requiredTexts(path, { image: source.image })];
}

export function validateCephFs(source: Source<"cephfs">, path: FieldPath): FieldError[] {
  return validateMonitors(source.monitors, path);
}

export function validateCinder(source: Source<"cinder">, path: FieldPath): FieldError[] {
  return [...requiredTexts(path, { volumeID: source.volumeID }), ...secretName(source.secretRef, path)];
}

const REGISTRY_WORDS = "must be a host:port pair or multiple pairs separated by commas";

export function validateQuobyte(source: Source<"quobyte">, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (source.registry === "") errors.push(required(path.child("registry"), REGISTRY_WORDS));
  else if (byteLength(source.tenant ?? "") >= 65) {
    errors.push(required(path.child("tenant"), "must be a UUID and may not exceed a length of 64 characters"));
  } else {
    const wrong = source.registry.split(",").filter((pair) => !isHostPort(pair));
    errors.push(...wrong.map(() => invalid(path.child("registry"), source.registry, REGISTRY_WORDS)));
  }
  return [...errors, ...requiredTexts(path, { volume: source.volume })];
}

/** Source: Go's net.SplitHostPort. */
function isHostPort(text: string): boolean {
  return /^(?:\[[^[\]]*\]|[^:[\]]*):[^:[\]]*$/.test(text);
}

export function validateFibreChannel(source: Source<"fc">, path: FieldPath): FieldError[] {
  const { targetWWNs = [], wwids = [], lun } = source;
  const errors: FieldError[] = [];
  const at = path.child("targetWWNs");
  if (targetWWNs.length === 0 && wwids.length === 0) {
    errors.push(required(at, "must specify either targetWWNs or wwids, but not both"));
  }
  if (targetWWNs.length > 0 && wwids.length > 0) {
    errors.push(invalid(at, targetWWNs, "targetWWNs and wwids can not be specified simultaneously"));
  }
  if (targetWWNs.length > 0) {
    if (lun === undefined) errors.push(required(path.child("lun"), "lun is required if targetWWNs is specified"));
    else errors.push(...validateLun(lun, path));
  }
  return errors;
}

export function validateFlexVolume(source: Source<"flexVolume">, path: FieldPath): FieldError[] {
  const errors = requiredTexts(path, { driver: source.driver });
  for (const key of Object.keys(source.options ?? {})) {
    const domain = `.${(key.split("/")[0] ?? "").toLowerCase()}`;
    if (!domain.endsWith(".kubernetes.io") && !domain.endsWith(".k8s.io")) continue;
    const detail = "kubernetes.io and k8s.io namespaces are reserved";
    errors.push(invalid(path.child("options").key(key), key, detail));
  }
  return errors;
}

export function validateAzureFile(source: Source<"azureFile">, path: FieldPath): FieldError[] {
  return requiredTexts(path, { secretName: source.secretName, shareName: source.shareName });
}

const CACHING_MODES = ["None", "ReadOnly", "ReadWrite"];
const DISK_KINDS = ["Dedicated", "Managed", "Shared"];
const MANAGED_URI = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
const BLOB_URI = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";

export function validateAzureDisk(source: Source<"azureDisk">, path: FieldPath): FieldError[] {
  const { cachingMode, kind, diskURI } = source;
  const errors = requiredTexts(path, { diskName: source.diskName, diskURI });
  if (cachingMode !== undefined && !CACHING_MODES.includes(cachingMode)) {
    errors.push(notSupported(path.child("cachingMode"), cachingMode, CACHING_MODES));
  }
  if (kind !== undefined && !DISK_KINDS.includes(kind)) {
    errors.push(notSupported(path.child("kind"), kind, DISK_KINDS));
  }
  if (kind === "Managed" && !diskURI.startsWith("/subscriptions/")) {
    errors.push(notSupported(path.child("diskURI"), diskURI, [MANAGED_URI]));
  }
  if (kind !== undefined && kind !== "Managed" && !diskURI.startsWith("https://")) {
    errors.push(notSupported(path.child("diskURI"), diskURI, [BLOB_URI]));
  }
  return errors;
}

export function validateStorageOs(source: Source<"storageos">, path: FieldPath): FieldError[] {
  const { volumeName = "", volumeNamespace = "" } = source;
  const at = path.child("volumeName");
  const errors = volumeName === "" ? [required(at)] : invalidEach(at, volumeName, dnsLabelErrors(volumeName));
  if (volumeNamespace !== "") {
    errors.push(...invalidEach(path.child("volumeNamespace"), volumeNamespace, dnsLabelErrors(volumeNamespace)));
  }
  return [...errors, ...secretName(source.secretRef, path)];
}

export function validateScaleIo(source: Source<"scaleIO">, path: FieldPath): FieldError[] {
  return requiredTexts(path, { gateway: source.gateway, system: source.system, volumeName: source.volumeName });
}

/** Source: core/validation ValidateCSIDriverName. */
export function validateCsiDriverName(driver: string, at: FieldPath): FieldError[] {
  const errors = driver === "" ? [required(at)] : [];
  if (byteLength(driver) > 63) errors.push(tooLong(at, driver, 63));
  errors.push(...invalidEach(at, driver, dnsSubdomainErrors(driver.toLowerCase())));
  return errors;
}

export function validateCsi(source: Source<"csi">, path: FieldPath): FieldError[] {
  const { driver, nodePublishSecretRef: secret } = source;
  const errors = validateCsiDriverName(driver, path.child("driver"));
  errors.push(...secretName(secret, path, "nodePublishSecretRef"));
  if (secret?.name) errors.push(...invalidEach(path.child("name"), secret.name, dnsSubdomainErrors(secret.name)));
  return errors;
}
