/** What `meshspan join` says. */
import type { Cluster, Mesh } from "../core/mesh";
import { dialPortOf } from "../core/mesh";
import { isEmptyDiff } from "../core/diff/diff";
import { formatDiff } from "../core/diff/format";
import type { ApplyStep } from "../live/applyPlan";
import { formatSteps } from "./applyReport";
import { formatPlace, type GatewayPlace, placeOf } from "./gatewayAddress";
import type { Joined, JoinRequest, Probed } from "./joining";
import type { JoinData } from "./joinSchemas";
import { coloured, type Report } from "./output";
import { textTable } from "./table";

/** The gateways that the mesh has, a line each. */
export function aware(mesh: Pick<Mesh, "clusters">): string {
  const rows = mesh.clusters.map((cluster) => {
    const place = placeOf(cluster);
    return [place === undefined ? "(learnt later)" : formatPlace(place), cluster.name];
  });
  return `Meshspan is aware of the following gateways:\n${textTable([], rows)}\n`;
}

export function attempting(place: GatewayPlace): string {
  return `Meshspan is attempting to add the gateway ${formatPlace(place)}\n`;
}

/** A gateway as JSON has it. */
export function gatewayData({ name, gateway }: Cluster): JoinData["gateway"] {
  const { address } = gateway;
  return {
    cluster: name,
    ...(address === undefined ? {} : { address }),
    port: dialPortOf(gateway),
  };
}

/** The text is what follows upon `aware` and `attempting`. */
export function joinReport(
  mesh: Mesh,
  { file, place }: Pick<JoinRequest, "file" | "place">,
  { trust, findings }: Probed,
  { cluster, state, change }: Joined,
  applied: readonly ApplyStep[] | undefined,
): Report & { readonly data: JoinData } {
  const { clientAccepted, skewSeconds } = findings ?? {};
  const { diff } = change;
  const data: JoinData = {
    mesh: mesh.name,
    file,
    state,
    gateway: { cluster, address: place.host, port: place.port },
    known: mesh.clusters.map(gatewayData),
    ...(trust === undefined || findings === undefined
      ? {}
      : {
          probe: {
            root: trust.from,
            serves: findings.serves,
            passedOver: findings.passedOver.map(({ service, why }) => ({ service, why })),
            ...(clientAccepted === undefined ? {} : { clientAccepted }),
            ...(skewSeconds === undefined ? {} : { skewSeconds }),
          },
        }),
    diff: { ...diff },
    ...(applied === undefined ? {} : { applied }),
  };
  const end = `${formatSteps(applied ?? [])}${ending(state, cluster, formatPlace(place), applied !== undefined)}`;
  const difference = isEmptyDiff(diff) ? "" : formatDiff(diff, "text");
  return {
    data,
    text: () => `${difference}${end}\n`,
    markdown: () =>
      `${isEmptyDiff(diff) ? "" : `${formatDiff(diff, "markdown")}\n`}${aware(mesh)}${end}\n`,
  };
}

function ending(state: Joined["state"], cluster: string, at: string, isApplied: boolean): string {
  switch (state) {
    case "added":
      return coloured("green", `Meshspan was successful in adding the gateway ${at}`);
    case "already there":
      return `The gateway ${at} is that of ${cluster} already: ${isApplied ? "the description stays as it is" : "nothing is changed"}`;
    case "would be added":
      return `The gateway ${at} can be added as ${cluster}: nothing is changed`;
  }
}
