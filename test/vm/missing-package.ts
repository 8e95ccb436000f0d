/** Something that this machine lacks and a Debian package brings. */
export class MissingPackage extends Error {
  readonly packageName: string;

  constructor(packageName: string, why: string) {
    super(`the Debian package ${packageName} is needed: ${why} (npm run setup installs it)`);
    this.name = "MissingPackage";
    this.packageName = packageName;
  }
}
