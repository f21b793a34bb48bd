import { resourceOf } from "../../src/live/kinds";

it.each([
  ["v1", "Pod", "pods"],
  ["networking.istio.io/v1", "Gateway", "gateways.networking.istio.io"],
  ["networking.istio.io/v1", "ServiceEntry", "serviceentries.networking.istio.io"],
  ["networking.k8s.io/v1", "NetworkPolicy", "networkpolicies.networking.k8s.io"],
  ["networking.k8s.io/v1", "Ingress", "ingresses.networking.k8s.io"],
])("the resource of %s %s is %s", (apiVersion, kind, resource) => {
  expect(resourceOf({ apiVersion, kind })).toBe(resource);
});
