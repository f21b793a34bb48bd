/** What `meshspan validate --files` prints of its findings. */
import { formatIssue } from "../core/issues";
import { counted, printable } from "../core/words";
import type { Fault } from "./failure";
import { coloured, type Report } from "./output";
import { formatFault } from "./report";
import type { ValidateFilesData } from "./schemas";
import { markdownTable } from "./table";

export function policyReport(data: ValidateFilesData): Report {
  const errors = data.findings.filter(({ severity }) => severity === "error").length;
  const counts = `${counted(errors, "error")}, ${counted(data.findings.length - errors, "warning")}`;
  const files = data.clusters.reduce((sum, cluster) => sum + cluster.files, 0);
  const objects = data.clusters.reduce((sum, cluster) => sum + cluster.objects, 0);
  const names = data.clusters.map(({ name }) => name).join(", ");
  const looked = `${counted(objects, "object")} of ${counted(files, "file")} in ${counted(data.clusters.length, "cluster")}${names === "" ? "" : ` (${names})`}`;
  return {
    data,
    text: () =>
      [
        ...(data.faults as readonly Fault[]).map(
          (fault) => `${coloured("red", "error")} ${formatFault(fault)}`,
        ),
        ...data.findings.map(formatFinding),
        `${looked}: ${data.ok ? coloured("green", "ok") : coloured("red", "not ok")}, ${counts}${data.faults.length === 0 ? "" : `, ${counted(data.faults.length, "fault")}`}`,
        "",
      ].join("\n"),
    markdown: () =>
      data.findings.length + data.faults.length === 0
        ? `- ${looked}: no findings\n`
        : markdownTable(
            ["severity", "where", "what", "how to mend it", "rule"],
            [
              ...data.faults.map(({ file = "", line = 1, message, hint, code }) => [
                "error",
                `${file}:${line}`,
                message,
                hint,
                code,
              ]),
              ...data.findings.map(
                ({ severity, file, line, column, object, message, hint, code }) => [
                  severity,
                  `${file}:${line}:${column} ${object}`,
                  message,
                  hint,
                  code,
                ],
              ),
            ],
          ),
  };
}

/** `error west/30-gateway.yaml:9:11 Gateway edge/eastwest spec.servers[0].hosts[0]: "*" lets …: list … [gateway_wildcard]` */
function formatFinding({
  severity,
  file,
  line,
  column,
  object,
  path,
  message,
  hint,
  code,
}: ValidateFilesData["findings"][number]): string {
  const colour = severity === "error" ? "red" : "yellow";
  const text = formatIssue({ path, message, hint });
  return `${coloured(colour, severity)} ${printable(`${file}:${line}:${column} ${object}`)} ${text} [${code}]`;
}
