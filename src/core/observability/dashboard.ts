/** A Grafana dashboard of a mesh, in the JSON that Grafana 10 and later take. */
import type { Mesh } from "../mesh";
import { type Panel, type Row, rows } from "./panels";
import { recordings } from "./recordings";

const datasource = { type: "prometheus", uid: "${datasource}" };
const columns = 24;
const panelHeight = 8;

/** The dashboard; its ID is made of the mesh's name, so that links to it last. */
export function dashboardOf({ name }: Pick<Mesh, "name">): object {
  return {
    uid: `meshspan-${name}`.slice(0, 40),
    title: `Meshspan: ${name}`,
    description: "Calls across the clusters of the mesh, its gateways, CAs and control planes.",
    tags: ["meshspan", "istio"],
    schemaVersion: 39,
    editable: true,
    annotations: { list: [] },
    links: [],
    timezone: "browser",
    graphTooltip: 1,
    refresh: "30s",
    time: { from: "now-1h", to: "now" },
    templating: {
      list: [
        { name: "datasource", label: "Data source", type: "datasource", query: "prometheus" },
        clusterVariable("source", "Callers in", "source_cluster", recordings.connections.name),
        clusterVariable("destination", "Services in", "cluster", recordings.rootEnds.name),
      ],
    },
    panels: panelsOf(rows),
  };
}

function clusterVariable(name: string, label: string, of: string, series: string): object {
  return {
    name,
    label,
    type: "query",
    datasource,
    query: { query: `label_values(${series}, ${of})`, refId: name },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: ".*",
    current: { selected: true, text: ["All"], value: ["$__all"] },
  };
}

/** Each row is a line of its title and lines of panels, three beside each other. */
function panelsOf(all: readonly Row[]): readonly object[] {
  const panels: object[] = [];
  let y = 0;
  for (const row of all) {
    const id = panels.length + 1;
    panels.push({
      id,
      type: "row",
      title: row.title,
      collapsed: false,
      ...at(0, y, columns, 1),
      panels: [],
    });
    y += 1;
    const perLine = row.panels.length === 4 ? 4 : 3;
    const width = columns / perLine;
    row.panels.forEach((panel, index) => {
      const top = y + Math.floor(index / perLine) * panelHeight;
      panels.push(
        panelOf(panel, id + index + 1, at((index % perLine) * width, top, width, panelHeight)),
      );
    });
    y += Math.ceil(row.panels.length / perLine) * panelHeight;
  }
  return panels;
}

function at(x: number, y: number, w: number, h: number): object {
  return { gridPos: { x, y, w, h } };
}

/** Without steps of its own, a panel would have Grafana's: red from 80 on, of whatever it counts. */
const oneColour: Panel["steps"] = [{ color: "green", value: null }];

function panelOf(panel: Panel, id: number, position: object): object {
  const { title, description, type, unit, queries, steps } = panel;
  const isSeries = type === "timeseries";
  const lines = {
    ...{ fillOpacity: 10, showPoints: "never" },
    thresholdsStyle: { mode: steps === undefined ? "off" : "dashed" },
  };
  return {
    ...{ id, type, title, description, datasource },
    ...position,
    fieldConfig: {
      defaults: {
        unit,
        // What is counted or measured over time is never negative; days that are left can be.
        ...(isSeries ? { min: 0, custom: lines } : { decimals: 0 }),
        color: { mode: isSeries ? "palette-classic" : "thresholds" },
        thresholds: { mode: "absolute", steps: steps ?? oneColour },
      },
      overrides: [],
    },
    options: isSeries
      ? {
          legend: {
            ...{ showLegend: true, displayMode: "table", placement: "bottom" },
            calcs: ["mean", "max"],
          },
          tooltip: { mode: "multi", sort: "desc" },
        }
      : { reduceOptions: { calcs: ["lastNotNull"] }, textMode: "value_and_name" },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource,
      expr,
      legendFormat: legend,
    })),
  };
}
