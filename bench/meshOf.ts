/** Meshes of any size, all of one kind: each service is served by one cluster and consumed by all. */
import type { MeshDescription } from "../src";

export interface Size {
  readonly clusters: number;
  readonly services: number;
}

export function meshOf({ clusters, services }: Size): MeshDescription {
  const names = Array.from({ length: clusters }, (_, index) => `cluster-${index}`);
  return {
    name: "bench",
    // Certificates take as long as they take, whoever writes the files.
    trust: { issuer: "existing" },
    clusters: Object.fromEntries(
      names.map((name, index) => [
        name,
        { gateway: { address: `198.18.${index >> 8}.${index & 255}` } },
      ]),
    ),
    services: Object.fromEntries(
      Array.from({ length: services }, (_, index) => [
        `service-${index}.namespace-${index % 50}`,
        {
          ports: [{ name: "http", port: 80, protocol: "HTTP" as const }],
          serviceAccount: `service-${index}`,
          servedBy: [names[index % clusters] ?? ""],
        },
      ]),
    ),
  };
}

/** `160×2,500` */
export function sizeText({ clusters, services }: Size): string {
  return `${clusters}×${services.toLocaleString("en")}`;
}
