/** Where a value is, as Kubernetes writes it: `spec.containers[0].ports[1].name`, `resources.limits[cpu]`. */
export class FieldPath {
  private readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  static of(...names: readonly string[]): FieldPath {
    return new FieldPath(names.join("."));
  }

  child(...names: readonly string[]): FieldPath {
    return new FieldPath(`${this.text}.${names.join(".")}`);
  }

  index(index: number): FieldPath {
    return new FieldPath(`${this.text}[${index}]`);
  }

  key(key: string): FieldPath {
    return new FieldPath(`${this.text}[${key}]`);
  }

  toString(): string {
    return this.text;
  }
}
