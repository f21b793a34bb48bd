/** Two clusters that call each other, with certificates that live for a minute: for tests of how trust changes. */
import type { MeshDescription } from "../../src";
import { caller, echo, echoClusters, echoPorts } from "./echoMesh";

const ports = [...echoPorts];
const callers = ["caller.default"];

/** `far` runs in west and `near` in east; pods of both call both. */
export const twoWayMesh = (name: string): MeshDescription => ({
  name,
  clusters: echoClusters("east", "west"),
  services: {
    "far.default": { ports, serviceAccount: "far", servedBy: ["west"], callers },
    "near.default": { ports, serviceAccount: "near", servedBy: ["east"], callers },
  },
});

export const twoWayWorkloads = {
  east: [...echo({ name: "near", cluster: "east" }), ...caller()],
  west: [...echo({ name: "far", cluster: "west" }), ...caller()],
};

/** Whose pods call what. */
export const ways = [
  ["east", "http://far.default.global/"],
  ["west", "http://near.default.global/"],
  ["east", "tcp://far.default.global:9000"],
] as const;

const proxyMetadata = { SECRET_TTL: "60s", SECRET_GRACE_PERIOD_RATIO: "0.8" };

/** Values of istiod's chart: certificates are renewed every 12 s, since half a day is too long for a test. */
export const shortLives = { meshConfig: { defaultConfig: { proxyMetadata } } };
