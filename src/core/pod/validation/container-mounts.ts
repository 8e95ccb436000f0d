import type { Container, VolumeMount } from "../../api/types.ts";
import { type FieldError, forbidden, invalid, notFound, notSupported, required } from "./field-error.ts";
import type { FieldPath } from "./field-path.ts";
import { validateNoBacksteps, validateRelativePath } from "./paths.ts";
import type { ValidVolumes } from "./volumes.ts";

const RECURSIVE_READ_ONLY = ["Disabled", "Enabled", "IfPossible"];
const PROPAGATIONS = ["Bidirectional", "HostToContainer", "None"];

/** Source: core/validation ValidateVolumeMounts. Sub-paths and propagation are reported without the mount's index. */
export function validateVolumeMounts(container: Container, volumes: ValidVolumes, path: FieldPath): FieldError[] {
  const devices = new Map((container.volumeDevices ?? []).map((device) => [device.name, device.devicePath]));
  const devicePaths = new Set(devices.values());
  const seen = new Set<string>();
  return (container.volumeMounts ?? []).flatMap((mount, index) => {
    const at = path.index(index);
    const errors: FieldError[] = [];
    if (mount.name === "") errors.push(required(at.child("name")));
    if (!volumes.has(mount.name)) errors.push(notFound(at.child("name"), mount.name));
    if (mount.mountPath === "") errors.push(required(at.child("mountPath")));
    if (seen.has(mount.mountPath)) errors.push(invalid(at.child("mountPath"), mount.mountPath, "must be unique"));
    seen.add(mount.mountPath);
    if (devices.has(mount.name)) {
      errors.push(invalid(at.child("name"), mount.name, "must not already exist in volumeDevices"));
    }
    if (devicePaths.has(mount.mountPath)) {
      const detail = "must not already exist as a path in volumeDevices";
      errors.push(invalid(at.child("mountPath"), mount.mountPath, detail));
    }
    return [
      ...errors,
      ...validateSubPaths(mount, path, at),
      ...validatePropagation(mount, container, path),
      ...validateRecursiveReadOnly(mount, at.child("recursiveReadOnly")),
    ];
  });
}

function validateSubPaths(mount: VolumeMount, listPath: FieldPath, path: FieldPath): FieldError[] {
  const { subPath = "", subPathExpr = "" } = mount;
  const errors = subPath === "" ? [] : validateRelativePath(subPath, listPath.child("subPath"));
  if (subPathExpr === "") return errors;
  if (subPath !== "") {
    errors.push(invalid(path.child("subPathExpr"), subPathExpr, "subPathExpr and subPath are mutually exclusive"));
  }
  return [...errors, ...validateRelativePath(subPathExpr, listPath.child("subPathExpr"))];
}

function validatePropagation(mount: VolumeMount, container: Container, listPath: FieldPath): FieldError[] {
  const { mountPropagation } = mount;
  const at = listPath.child("mountPropagation");
  if (mountPropagation === undefined) return [];
  if (!PROPAGATIONS.includes(mountPropagation)) return [notSupported(at, mountPropagation, PROPAGATIONS)];
  if (mountPropagation !== "Bidirectional" || container.securityContext?.privileged === true) return [];
  return [forbidden(at, "Bidirectional mount propagation is available only to privileged containers")];
}

/** Source: core/validation validateMountRecursiveReadOnly. */
function validateRecursiveReadOnly(mount: VolumeMount, path: FieldPath): FieldError[] {
  const { recursiveReadOnly, readOnly, mountPropagation = "None" } = mount;
  if (recursiveReadOnly === undefined) return [];
  if (!RECURSIVE_READ_ONLY.includes(recursiveReadOnly)) {
    return [notSupported(path, recursiveReadOnly, RECURSIVE_READ_ONLY)];
  }
  if (recursiveReadOnly === "Disabled") return [];
  const errors: FieldError[] = [];
  if (readOnly !== true) errors.push(forbidden(path, "may only be specified when readOnly is true"));
  if (mountPropagation !== "None") {
    errors.push(forbidden(path, "may only be specified when mountPropagation is None or not specified"));
  }
  return errors;
}

/** Source: core/validation ValidateVolumeDevices. */
export function validateVolumeDevices(container: Container, volumes: ValidVolumes, path: FieldPath): FieldError[] {
  const mounts = new Map((container.volumeMounts ?? []).map((mount) => [mount.name, mount.mountPath]));
  const mountPaths = new Set(mounts.values());
  const names = new Set<string>();
  const paths = new Set<string>();
  return (container.volumeDevices ?? []).flatMap(({ name, devicePath }, index) => {
    const nameAt = path.index(index).child("name");
    const pathAt = path.index(index).child("devicePath");
    const errors: FieldError[] = [];
    if (name === "") errors.push(required(nameAt));
    if (names.has(name)) errors.push(invalid(nameAt, name, "must be unique"));
    errors.push(...validateDeviceVolume(name, volumes, nameAt));
    if (devicePath === "") errors.push(required(pathAt));
    if (paths.has(devicePath)) errors.push(invalid(pathAt, devicePath, "must be unique"));
    if (validateNoBacksteps(devicePath, pathAt).length > 0) {
      errors.push(invalid(pathAt, devicePath, "can not contain backsteps ('..')"));
    } else paths.add(devicePath);
    if (mounts.has(name)) errors.push(invalid(nameAt, name, "must not already exist in volumeMounts"));
    if (mountPaths.has(devicePath)) {
      errors.push(invalid(pathAt, devicePath, "must not already exist as a path in volumeMounts"));
    }
    if (name !== "") names.add(name);
    return errors;
  });
}

function validateDeviceVolume(name: string, volumes: ValidVolumes, path: FieldPath): FieldError[] {
  const volume = volumes.get(name);
  if (volume === undefined) return [notFound(path, name)];
  if (volume.persistentVolumeClaim !== undefined || volume.ephemeral !== undefined) return [];
  return [invalid(path, name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode")];
}
