import { relative } from "node:path";
import type { ManifestProblem } from "../../core/pods/desired-state.ts";

/** A paragraph about broken manifests, to stand below a table; "" where there is none. */
export function manifestProblemsText(problems: readonly ManifestProblem[], cwd: string): string {
  if (problems.length === 0) return "";
  const title = problems.length === 1 ? "1 problem in manifests:" : `${problems.length} problems in manifests:`;
  return [title, ...problems.map((problem) => `  ${problemLine(problem, cwd)}`), ""].join("\n");
}

/** "web.yaml:12: Pod default/web: spec.containers[0].image: ...". */
export function problemLine({ path, document, line, subject, field, message }: ManifestProblem, cwd: string): string {
  const near = relative(cwd, path);
  const file = path.startsWith("/") && !near.startsWith("..") && near !== "" ? near : path;
  const place =
    line !== undefined ? `${file}:${line}` : document === undefined ? file : `${file} (document ${document + 1})`;
  const text = field === undefined || message.startsWith(field) ? message : `${field}: ${message}`;
  return [place, ...(subject === undefined ? [] : [subject]), text].join(": ");
}
