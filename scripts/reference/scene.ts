/** A call's way as a picture: the same places in each, those of one hop in colour, and what is said there below. */
import { gatewayColours, palette } from "../../src/core/topology/palette";
import { escaped } from "../recording/svg";

/** Where something of a call happens, in the order in which it goes there. */
export const places = ["app", "sidecar", "gateway", "servingSidecar", "servingApp"] as const;
export type Place = (typeof places)[number];

export interface Wire {
  readonly from: Place;
  readonly to: Place;
  readonly kind: "plain" | "tls" | "refused";
  readonly label: string;
  /** Beside another between the same places, or around what is between them. @default "middle" */
  readonly lane?: "above" | "middle" | "beneath" | "around";
}

export interface Scene {
  readonly title: string;
  readonly names: {
    readonly caller: string;
    readonly callerCluster: string;
    readonly service: string;
    readonly servingCluster: string;
  };
  readonly lit: readonly Place[];
  readonly wires: readonly Wire[];
  /** What there is to read there, with its name. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** Texts below places. */
  readonly marks?: Readonly<Partial<Record<Place, string>>>;
  /** Whether the certificates are shown from which both sidecars have theirs. */
  readonly certificates?: boolean;
}

const width = 960;
/** Pixels of one character of a fact; facts are stretched to it, whatever font there is. */
const character = 7.2;
const row = 22;
const factsAt = 180;
/** Height of the clusters, and of the certificates above them. */
const clusters = 138;
const authorities = 56;

/** Left edge and width. */
const across: Readonly<Record<Place, readonly [x: number, width: number]>> = {
  app: [34, 100],
  sidecar: [236, 110],
  gateway: [484, 110],
  servingSidecar: [676, 100],
  servingApp: [846, 86],
};
const middle = 86;
const half = 19;

const east = gatewayColours[0];
const west = gatewayColours[1];
const isInEast = (place: Place) => place === "app" || place === "sidecar";

/**
 * The picture. The same scene gives the same bytes. Its ground is its own, so that it shows on any page.
 * @throws Error when a fact would be cut.
 */
export function sceneSvg(scene: Scene): string {
  const top = scene.certificates === true ? authorities : 0;
  const room = Math.floor((width - factsAt - 12) / character);
  const long = scene.facts.find(([, value]) => value.length > room);
  if (long !== undefined) throw new Error(`"${long[1]}" has more than ${room} characters`);
  const height = top + clusters + row * scene.facts.length + 24;
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<title>${escaped(scene.title)}</title>
<style>
text { font: 12px Arial, Helvetica, "Liberation Sans", sans-serif; fill: ${palette.text} }
.quiet { fill: ${palette.quiet} }
.fact { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace }
</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="#ffffff" stroke="${palette.border}"/>
<g transform="translate(0 ${top})">
${[...ground(scene), ...scene.wires.flatMap(wire), ...places.flatMap((place) => box(scene, place))].join("\n")}
</g>
${[...(scene.certificates === true ? certificates(scene) : []), ...facts(scene, top + clusters)].join("\n")}
</svg>
`;
}

/** Clusters, pods, and the whole way in grey. */
function ground({ names }: Scene): readonly string[] {
  const frame = (x: number, y: number, size: readonly [number, number], look: string) =>
    `<rect x="${x}" y="${y}" width="${size[0]}" height="${size[1]}" rx="8" ${look}/>`;
  const cluster = (colour: string) => `fill="${palette.cluster}" stroke="${colour}"`;
  const pod = `fill="none" stroke="${palette.border}" stroke-dasharray="4 3"`;
  return [
    frame(10, 10, [360, 126], cluster(east)),
    frame(470, 10, [480, 126], cluster(west)),
    text(20, 28, `cluster ${names.callerCluster}`),
    text(480, 28, `cluster ${names.servingCluster}`),
    frame(22, 38, [336, 90], pod),
    frame(664, 38, [280, 90], pod),
    text(30, 54, "pod of the caller", 'class="quiet"'),
    text(936, 54, "pod that serves", 'class="quiet" text-anchor="end"'),
    `<path d="M134 ${middle}H846" stroke="${palette.border}"/>`,
  ];
}

function box({ names, lit, marks }: Scene, place: Place): readonly string[] {
  const [x, size] = across[place];
  const titles: Record<Place, string> = {
    app: names.caller,
    sidecar: "sidecar",
    gateway: "gateway",
    servingSidecar: "sidecar",
    servingApp: names.service,
  };
  const isLit = lit.includes(place);
  const colour = isInEast(place) ? east : west;
  const look = isLit
    ? `fill="${colour}" stroke="${colour}"`
    : `fill="${palette.node}" stroke="${palette.border}"`;
  const ink = isLit ? 'style="fill: #ffffff; font-weight: bold"' : 'class="quiet"';
  const mark = marks?.[place];
  return [
    `<rect x="${x}" y="${middle - half}" width="${size}" height="${2 * half}" rx="6" ${look}/>`,
    text(x + size / 2, middle + 4, titles[place], `text-anchor="middle" ${ink}`),
    ...(mark === undefined
      ? []
      : [text(x + size / 2, middle + half + 16, mark, 'text-anchor="middle"')]),
  ];
}

function wire({ from, to, kind, label, lane = "middle" }: Wire): readonly string[] {
  const looks = {
    plain: { colour: palette.text, stroke: 'stroke-width="1.5"' },
    tls: { colour: west, stroke: 'stroke-width="3"' },
    refused: { colour: palette.missing, stroke: 'stroke-width="2" stroke-dasharray="5 4"' },
  };
  const { colour, stroke } = looks[kind];
  const isBack = places.indexOf(from) > places.indexOf(to);
  const edge = (place: Place, isRight: boolean) =>
    across[place][0] + (isRight ? across[place][1] : 0);
  const start = edge(from, !isBack);
  const end = edge(to, isBack);
  const caption = (y: number, x = (start + end) / 2) =>
    text(x, y, label, `text-anchor="middle" style="font-size: 11px; fill: ${colour}"`);
  if (lane === "around") {
    const low = middle + half + 12;
    const [one, other] = [from, to].map((place) => across[place][0] + across[place][1] / 2);
    const head = middle + half + 1;
    return [
      `<path d="M${one} ${middle + half}V${low}H${other}V${head + 7}" fill="none" stroke="${colour}" ${stroke}/>`,
      `<path d="M${other} ${head}l4.5 8h-9z" fill="${colour}"/>`,
      caption(low - 5, (across.sidecar[0] + across.sidecar[1] + across.gateway[0]) / 2),
    ];
  }
  const y = middle + { above: -8, middle: 0, beneath: 10 }[lane];
  const sign = isBack ? -1 : 1;
  const stop = kind === "refused" ? end - sign * 12 : end;
  const tip = kind === "refused" ? stop : stop - sign * 8;
  return [
    `<path d="M${start} ${y}H${tip}" stroke="${colour}" ${stroke}/>`,
    kind === "refused"
      ? `<path d="M${stop} ${y - 6}l10 12m0 -12l-10 12" stroke="${colour}" stroke-width="2.5"/>`
      : `<path d="M${stop} ${y}l${-sign * 9} -5v10z" fill="${colour}"/>`,
    caption(lane === "beneath" ? y + 16 : y - 8),
  ];
}

/** The root, the CA of each cluster below it, and the certificates that sidecars have of these. */
function certificates({ names }: Scene): readonly string[] {
  const y = 14;
  const size = 120;
  const authority = (centre: number, title: string, colour: string) => [
    `<rect x="${centre - size / 2}" y="${y}" width="${size}" height="30" rx="6" fill="${colour}"/>`,
    text(centre, y + 19, title, 'text-anchor="middle" style="fill: #ffffff; font-weight: bold"'),
  ];
  const line = (d: string) =>
    `<path d="${d}" fill="none" stroke="${palette.text}" stroke-width="1.5"/>`;
  const down = authorities + middle - half;
  return [
    line(`M508 29H291V${down}`),
    line(`M508 29H726V${down}`),
    ...authority(508, "common root", palette.text),
    ...authority(291, `CA of ${names.callerCluster}`, east),
    ...authority(726, `CA of ${names.servingCluster}`, west),
  ];
}

function facts({ facts: rows }: Scene, top: number): readonly string[] {
  return rows.flatMap(([name, value], index) => {
    const y = top + 22 + row * index;
    const length = `textLength="${(value.length * character).toFixed(1)}" lengthAdjust="spacingAndGlyphs"`;
    return [
      text(factsAt - 14, y, name, 'class="quiet" text-anchor="end"'),
      text(factsAt, y, value, `class="fact" ${length}`),
    ];
  });
}

function text(x: number, y: number, content: string, look = ""): string {
  return `<text x="${x}" y="${y}"${look === "" ? "" : ` ${look}`}>${escaped(content)}</text>`;
}
