/** Objects as JSON and YAML, in the forms of kubectl. */
export async function structuredText(form: "json" | "yaml", value: unknown): Promise<string> {
  if (form === "json") return `${JSON.stringify(value, undefined, 4)}\n`;
  const { stringify } = await import("yaml");
  // Texts that other YAML versions would read as something else ("yes", "0o7") are quoted.
  return stringify(value, { sortMapEntries: true, lineWidth: 0, compat: "yaml-1.1", aliasDuplicateObjects: false });
}
