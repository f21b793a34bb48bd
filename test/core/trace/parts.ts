/** Changes that several rows of the tables make. */
import type { Manifest } from "../../../src";
import { object } from "./changes";

/** An AuthorizationPolicy for all pods of a namespace, or of all with `istio-system`. */
export function policy(namespace: string, action: string, rules: readonly object[]): Manifest {
  return object("security.istio.io/v1", "AuthorizationPolicy", namespace, { action, rules });
}

export const from = (source: object) => ({ from: [{ source }] });

/** A PeerAuthentication for all pods of a namespace, or of all with `istio-system`. */
export function peers(namespace: string, mode: string): Manifest {
  return object("security.istio.io/v1", "PeerAuthentication", namespace, { mtls: { mode } });
}

export const inject = (value: string) => (manifest: any) => {
  manifest.spec.template.metadata.labels["sidecar.istio.io/inject"] = value;
};

/** A second Deployment of the carts' pods. */
export function another(pod: object, labels: object = {}): Manifest {
  const containers = [{ name: "server", ports: [{ containerPort: 7070 }] }];
  return object("apps/v1", "Deployment", "default", {
    template: {
      metadata: { labels: { app: "cart", ...labels } },
      spec: { serviceAccountName: "cart", containers, ...pod },
    },
  });
}
