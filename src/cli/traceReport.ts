/** Traces in words, as data and as a table. */
import type { Plan } from "../core/plan";
import { explainTrace, formatTrace } from "../core/trace/format";
import { type Trace, traceIssues } from "../core/trace/trace";
import { counted } from "../core/words";
import { faultAt } from "./failure";
import { coloured, type Report } from "./output";
import type { TraceData } from "./schemas";
import { markdownTable } from "./table";
import type { Source } from "./input";

export function traceReport(
  plan: Plan,
  traces: readonly Trace[],
  { file }: Pick<Source, "file">,
  hops: boolean,
): Report {
  const issues = traceIssues(traces);
  const data: TraceData = {
    mesh: plan.mesh.name,
    ok: traces.every(({ ok }) => ok),
    traces: traces.map(traceData),
    faults: issues.map((issue) => faultAt(issue, file)),
  };
  return {
    data,
    text: () => {
      const lines = traces.map(
        (trace) => `${mark(trace)}  ${hops ? explainTrace(trace) : formatTrace(trace)}\n`,
      );
      const hints = issues.map(({ message, hint }) => `\n${message}\n  ${hint}\n`);
      return [...lines, ...hints].join("");
    },
    markdown: () => (traces.length === 0 ? "No calls.\n" : markdown(traces, hops)),
  };
}

/** `9 calls, 1 of them doesn't arrive` */
export function summaryOf(traces: readonly Trace[], all: number): string {
  const broken = traces.filter(({ ok }) => !ok).length;
  const crossing = traces.filter(({ crosses }) => crosses).length;
  const of = traces.length === all ? "" : ` of ${all}`;
  const failing = broken === 0 ? "" : `, ${broken} ${broken === 1 ? "fails" : "fail"}`;
  return `${counted(traces.length, "call")}${of}, ${crossing} across clusters${failing}`;
}

function mark({ ok }: Trace): string {
  return ok ? coloured("green", "ok   ") : coloured("red", "FAILS");
}

function traceData(trace: Trace): TraceData["traces"][number] {
  const { call, address, ok, crosses, paths } = trace;
  const { caller } = call;
  return {
    from: {
      cluster: call.cluster,
      ...(caller === undefined
        ? {}
        : {
            workload: caller.name,
            namespace: caller.namespace,
            serviceAccount: caller.serviceAccount,
          }),
    },
    to: { host: call.host, port: call.port },
    ...(address === undefined ? {} : { address }),
    ok,
    crosses,
    summary: formatTrace(trace),
    ways: paths.map((path) => ({ ...path, hops: path.hops.map((hop) => ({ ...hop })) })),
  };
}

function markdown(traces: readonly Trace[], hops: boolean): string {
  const rows = traces.map((trace) => {
    const [from = "", to = "", ...way] = formatTrace(trace).split(" → ");
    return [from, to, way.join(" → "), trace.ok ? "ok" : "fails"];
  });
  const table = markdownTable(["from", "to", "way", "result"], rows);
  if (!hops) return table;
  return `${table}\n\`\`\`text\n${traces.map(explainTrace).join("\n\n")}\n\`\`\`\n`;
}
