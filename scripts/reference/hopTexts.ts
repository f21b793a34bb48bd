/** What each hop of a call is for, and what is seen where it is missing. */
import type { HopKind } from "../../src/core/trace/hop";

export interface HopText {
  readonly title: string;
  /** What happens there. */
  readonly happens: string;
  /** What a caller sees where it doesn't. */
  readonly broken: string;
}

/** A hop without a text doesn't compile. */
export const hopTexts: Readonly<Record<HopKind, HopText>> = {
  caller: {
    title: "The caller's pod has a sidecar",
    happens:
      "What the application sends is redirected to Envoy beside it. The rest of the way is that proxy's, with the caller's identity.",
    broken: "The name may resolve, and the virtual address leads nowhere: a timeout.",
  },
  name: {
    title: "The name resolves",
    happens:
      "The application asks for the global name. Istio's DNS proxy in the sidecar answers, or the cluster's DNS server by a stub domain.",
    broken: "NXDOMAIN.",
  },
  address: {
    title: "The virtual address is known",
    happens:
      "The name has an address of the pool, which no machine has. The sidecar listens for it, and so knows for TCP which service is meant.",
    broken: "A timeout, or another service where two have one address.",
  },
  route: {
    title: "A rule chooses a version",
    happens:
      "Where the description has routes, a VirtualService sends the request to a subset by weight or by what is in it. Otherwise this hop isn't there.",
    broken: "404, or 503 with the flag NC.",
  },
  endpoint: {
    title: "A place is chosen",
    happens:
      "The ServiceEntry's endpoints are the gateways of the clusters that serve; pods of the caller's own cluster come first where it serves too.",
    broken: "503 with the flag UH: no healthy upstream.",
  },
  tls: {
    title: "TLS begins, with the server name of the gateway's chain",
    happens:
      "The caller's sidecar begins mutual TLS, which ends in the serving pod. The server name says to the gateway which service, port and version is meant; the SAN says which identity alone the caller accepts.",
    broken:
      "The gateway or the pod refuses the handshake: 503 with the flag UF and TLS_error in its text, or a connection that closes.",
  },
  gateway: {
    title: "The gateway takes the connection",
    happens:
      "The gateway of the serving cluster listens at one port, for peers. It sees the server name and no plaintext, and it never rewrites a name.",
    broken:
      "503 with the flag UF and a timeout or a refused connection in its text; for TCP, the same without the text.",
  },
  chain: {
    title: "A filter chain has the server name",
    happens:
      "istiod made a chain of the gateway for each exported host, port and version. Hosts are listed one by one, so nothing else of the cluster is within reach.",
    broken:
      "The gateway closes the connection at once: 503 with the flag UF and Connection reset by peer, and the flag NR in the gateway's log.",
  },
  service: {
    title: "The Service of the serving cluster",
    happens:
      "The chain leads to the pods of the cluster's own Service. It is yours: Meshspan makes none.",
    broken: "There is no chain, so the connection is closed.",
  },
  pods: {
    title: "A pod with a sidecar",
    happens: "The bytes go to a ready pod, and TLS ends in its sidecar.",
    broken:
      "The gateway closes the connection, with the flag UH in its log where no pod is ready. A pod without a sidecar can't answer the TLS.",
  },
  trust: {
    title: "Both ends have one root",
    happens:
      "Each cluster's CA is below the common root, so each end can check the other's certificate.",
    broken: "TLS errors at both ends.",
  },
  identity: {
    title: "The serving pod is who the caller expects",
    happens: "Its certificate has the SPIFFE ID of the described ServiceAccount.",
    broken: "The caller's sidecar refuses it: 503 with the flag UF, and a SAN that doesn't match.",
  },
  authentication: {
    title: "Mutual TLS only",
    happens: "A PeerAuthentication has the pod refuse plaintext, since the gateway checks nobody.",
    broken: "The call works, and so would one without any identity: the trace calls the hop weak.",
  },
  authorization: {
    title: "The caller may call",
    happens: "An AuthorizationPolicy admits the identities in callers, at the described ports.",
    broken: "403, or for TCP a connection that closes at its first byte.",
  },
};
