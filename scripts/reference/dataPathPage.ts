/** docs/data-path.md and its pictures: a call of the demo shop, with the object that makes each hop as it is planned. */
import { connectionSeconds, gatewayGraceSeconds } from "../../src/core/objects/connectionAge";
import { formatYaml } from "../../src/core/yaml";
import type { Hop } from "../../src/core/trace/hop";
import { answerScene, hopScene, wayScene } from "./hopPictures";
import { hopTexts } from "./hopTexts";
import { type Scene, sceneSvg } from "./scene";
import { type ShownCall, shopCall, versionsCall } from "./shownCall";

/** The page in Markdown, and its pictures, by their paths in the repository. */
export function dataPathPages(): Readonly<Record<string, string>> {
  const call = shopCall();
  const scenes: readonly (readonly [name: string, scene: Scene])[] = [
    ["way", wayScene(call)],
    ...call.hops.map(({ kind }) => [kind, hopScene(call, kind)] as const),
    ["answer", answerScene(call)],
    ["route", hopScene(versionsCall(), "route")],
  ];
  return {
    "docs/data-path.md": page(call, new Map(scenes)),
    ...Object.fromEntries(
      scenes.map(([name, scene]) => [`docs/data-path/${name}.svg`, sceneSvg(scene)]),
    ),
  };
}

function page(call: ShownCall, scenes: ReadonlyMap<string, Scene>): string {
  const picture = (name: string) => {
    const { title = "", facts = [] } = scenes.get(name) ?? {};
    const told = facts.map(([what, value]) => `${what} ${value}`).join("; ");
    return `![${told === "" ? title : `${title}: ${told}`}](data-path/${name}.svg)`;
  };
  const { caller, trace, hops } = call;
  const shown = new Set<string>();
  const sections = hops.map((hop, index) => {
    const { title, happens, broken } = hopTexts[hop.kind];
    const key = hop.object === undefined ? "" : `${hop.cluster} ${hop.object}`;
    const object = shown.has(key) ? "" : objectOf(call, hop);
    shown.add(key);
    return [
      `## ${index + 1}. ${title}`,
      "",
      picture(hop.kind),
      "",
      `${happens} In a trace: \`${hop.kind}\`, in \`${hop.cluster}\`: ${hop.text}.`,
      "",
      `**Where it is missing:** ${broken}`,
      "",
      ...(object === "" ? [] : ["```yaml", object.trimEnd(), "```", ""]),
    ].join("\n");
  });
  return `# The data path

How a call gets from a pod of one cluster to a pod of another. The call here is that of the demo shop, ${caller} in \`east\` to Redis in \`west\`; hops, objects and pictures are those of its plan.
\`meshspan trace ${caller} redis-cart --hops\` prints them for yours.

${picture("way")}

The numbers are those of the sections below, at the place where each happens. Two things make \`.${trace.call.host.split(".").at(-1) ?? ""}\` names work on gateways of today, which rewrite no names: the caller's DestinationRule sends the server name that the
serving gateway has a chain for, and TLS goes through the gateway whole, so that identities are checked at both ends and nowhere else.

${table(call)}

${sections.join("\n")}
## ${hops.length + 1}. The answer comes back

${picture("answer")}

The answer takes the connections that the call opened. So the serving cluster needs no way to the caller's, and no gateway there: \`east\` needs a gateway of its own only for what it serves.

## Where there are versions

${picture("route")}

After the address comes one more hop, \`route\`. ${hopTexts.route.happens} The mesh of this picture is that of [Split traffic among versions](tasks/split-versions.md).

**Where it is missing:** ${hopTexts.route.broken}

## Connections are made anew

A gateway shares out connections, not calls: it can't read them. A connection that stayed would send all of its calls to the pod that it once got, and break where a gateway on its way ends.
So the DestinationRule says how old connections of HTTP get, gRPC included (\`connectionPool.tcp.maxConnectionDuration: ${connectionSeconds}s\`): the caller's sidecar then makes another, and ends the one before when no call is under way on it.

- **Gateways that are replaced, scaled in or drained** take no new connections, and end with their last one (Istio's \`EXIT_ON_ZERO_ACTIVE_CONNECTIONS\`), at most ${gatewayGraceSeconds} s later (\`terminationGracePeriodSeconds\`). No HTTP call fails that takes less than the ${gatewayGraceSeconds - connectionSeconds} s that are left then.
- **Pods and gateways that are added** get their share of the calls within a minute, also of callers that have been there before them.
- **TCP** has no such age, since it would be cut in the middle: its connections live until a gateway on their way ends, and then have those ${gatewayGraceSeconds} s.

## What else may differ

- **A service in the caller's cluster too**: its own pods are endpoints of higher priority, and the way to them goes through no gateway.
- **Distribution**: with hubs or endpoints the hops are the same, and what tells the caller's proxy of its endpoints is another: [distribution](distribution.md).

Something is missing? [Troubleshooting by symptom](troubleshooting.md).
`;
}

/** What each stretch of the way carries. */
function table({ caller, identity, text, trace }: ShownCall): string {
  const own = `\`${identity}\``;
  const other = `\`${text("identity")}\``;
  const [, port = ""] = /:(\d+)$/.exec(text("service")) ?? [];
  const rows = [
    ["From", "to", "address", "name that is said", "encrypted", "who is at the other end"],
    ["---", "---", "---", "---", "---", "---"],
    [
      caller,
      "its sidecar",
      `\`${text("address")}\``,
      `\`${trace.call.host}\`, in DNS`,
      "no",
      "not checked: one pod",
    ],
    [
      "its sidecar",
      "the gateway",
      `\`${text("endpoint")}\``,
      `\`${text("tls")}\`, in TLS, readable`,
      "mutual TLS",
      "the gateway shows no certificate",
    ],
    [
      "the gateway",
      "the serving sidecar",
      `a pod of the Service, port ${port}`,
      "the same",
      "the same TLS",
      `${other} to the caller, ${own} to the pod`,
    ],
    [
      "the serving sidecar",
      "the application",
      `the same pod, port ${port}`,
      "none",
      "no",
      "checked before",
    ],
  ];
  return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The planned object of a hop as YAML, without labels; empty for one that the plan hasn't got. */
function objectOf(call: ShownCall, hop: Hop): string {
  const planned = call.object(hop);
  // Certificates are other ones in each run, and workloads are the user's.
  if (planned === undefined || ["Secret", "Deployment", "Service"].includes(planned.kind))
    return "";
  const { apiVersion, kind, metadata, ...rest } = planned;
  const { name, namespace } = metadata;
  return formatYaml([{ apiVersion, kind, metadata: { name, namespace }, ...rest }]);
}
