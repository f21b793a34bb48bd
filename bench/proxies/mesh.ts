/** A cluster that consumes what another one serves. */
import { parseMesh, type Plan, planMesh } from "../../src";
import { caller } from "../../test/lab/echoMesh";

/** The cluster that is there. The other is known by its gateway's address alone. */
export const consumer = "east";
const server = "west";

/** Whether the cluster consumes all services, or one in `shareConsumed`. */
export type Consumers = "all" | "some";
export const shareConsumed = 10;

export function planWith(services: number, consumers: Consumers): Plan {
  const cluster = (address: string) => ({ gateway: { address, replicas: { min: 1, max: 1 } } });
  const mesh = parseMesh({
    name: "bench",
    // istiod's own CA: nobody calls another cluster.
    trust: { issuer: "existing" },
    clusters: { [consumer]: cluster("203.0.113.10"), [server]: cluster("203.0.113.20") },
    services: Object.fromEntries(
      Array.from({ length: services }, (_, index) => [
        `service-${index}.namespace-${index % 50}`,
        {
          ports: [{ name: "http", port: 80, protocol: "HTTP" as const }],
          serviceAccount: `service-${index}`,
          servedBy: [server],
          consumedBy:
            consumers === "all" || index % shareConsumed === 0 ? [consumer, server] : [server],
        },
      ]),
    ),
  });
  return planMesh(mesh, { workloads: { [consumer]: caller() } });
}
