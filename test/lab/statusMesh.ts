/** A mesh to look at: names in two DNS modes, and services both ways. */
import type { MeshDescription, Workloads } from "../../src";
import { corefile } from "./clusterDns";
import { caller, echo, echoClusters, echoPorts } from "./echoMesh";

const clusters = echoClusters("east", "west");

/** Everything is said, as for files. */
export const statusMesh: MeshDescription = {
  name: "looked-at",
  clusters: {
    east: { ...clusters.east, dns: "proxy" },
    west: { ...clusters.west, dns: { mode: "coredns", address: "10.96.0.53", corefile } },
  },
  services: {
    "hello.default": {
      ports: [...echoPorts],
      serviceAccount: "hello",
      servedBy: ["west"],
      consumedBy: ["east"],
      callers: ["caller.default"],
    },
    "store.default": {
      ports: [...echoPorts],
      serviceAccount: "store",
      servedBy: ["east"],
      consumedBy: ["west"],
      callers: ["caller.default"],
    },
  },
};

export const statusWorkloads: Workloads = {
  east: [...echo({ name: "store", cluster: "east" }), ...caller()],
  west: [...echo({ name: "hello", cluster: "west" }), ...caller()],
};
