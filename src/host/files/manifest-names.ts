/** What editors and package managers leave beside a file: never a manifest that somebody means. */
const leftovers: readonly RegExp[] = [
  /~$/, // emacs, vim, gedit backups
  /^#.*#$/, // emacs auto-save
  /\.sw[a-z]x?$/i, // vim swap files
  /^\d+$/, // vim probes the directory with 4913, 5036, ...
  /\.(bak|backup|orig|old|rej|save|tmp|temp|part|partial|new|crdownload)$/i,
  /\.(dpkg|ucf)-(old|new|dist|tmp|bak)$/i,
  /\.rpm(save|new|orig)$/i,
  /^___jb_(tmp|old)___|___jb_(tmp|old)___$/, // JetBrains safe write
  /^sed[A-Za-z0-9]{6}$/, // sed -i
  /^tmp[a-z0-9_]{8}$/, // Python tempfile
  /^mutmp/, // emacs mule
];

/**
 * A directory entry that may be a manifest. Hidden files never are. For static pods every other name counts, as for
 * the kubelet (config/file.go extractFromDir); standalone objects are the `.yaml`, `.yml` and `.json` files.
 * Differs: the kubelet also reads editor backups and temporary files, which then fight with the real file over a name.
 */
export function isManifestName(name: string, kind: "file" | "manifests"): boolean {
  if (name === "" || name.startsWith(".") || leftovers.some((pattern) => pattern.test(name))) return false;
  return kind === "file" || /\.(ya?ml|json)$/i.test(name);
}
