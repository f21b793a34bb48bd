/**
 * Colours of the pictures, on a light ground. Gateways' hues are those of Okabe and Ito's palette, which
 * colour-blind readers tell apart, darkened until text has a contrast of 4.5 to 1 at least (WCAG 2.2,
 * AA). What a line means is in its width and its dashes too.
 */

/** Colours of everything that doesn't belong to one gateway. */
export const palette = {
  text: "#1f2933",
  quiet: "#5f6b76",
  local: "#7b8793",
  border: "#b4bcc5",
  cluster: "#f5f7f9",
  node: "#ffffff",
  missing: "#b3001b",
} as const;

const gatewayColours = ["#00629b", "#a34700", "#00694a", "#8a3f73", "#5a4fa2", "#6b5900"] as const;

/** The colour of a gateway, by its cluster's position in the topology; the seventh has the first's again. */
export function gatewayColour(position: number): string {
  return gatewayColours[position % gatewayColours.length] ?? palette.text;
}
