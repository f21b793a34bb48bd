/**
 * Probes of live gateways: connections, handshakes and calls as a mesh's own proxies make them. Loads the X.509 of
 * `meshspan/pki`; load it when it is needed.
 */
export type { HttpAnswer, HttpCall } from "./call";
export type { NoConnection } from "./connection";
export { probeGateway, type GatewayProbe, type GatewayReport } from "./gateway";
export type { ClientCertificate, NoHandshake } from "./handshake";
export { probeReadiness, type Readiness } from "./readiness";
export type {
  ClientVerdict,
  ServerIdentity,
  ServerNameProbe,
  ServerNameResult,
} from "./serverName";
