import type { Manifest } from "../../../src";
import { policySettings } from "../../../src/core/policy/settings";
import { foundIn, type Row } from "./findings";
import { deployment, gatewayLabels, networking, object, passthroughServer } from "./handWritten";

const host = "redis.shop.svc.cluster.local";

const gateway = (
  name: string,
  servers: readonly object[],
  selector: Readonly<Record<string, string>> = gatewayLabels,
): Manifest => object(networking, "Gateway", "edge", name, { spec: { selector, servers } });

describe("a gateway opens exactly what is exported", () => {
  const at = (index: number) =>
    `gateway_wildcard Gateway edge/eastwest spec.servers[0].hosts[${index}]`;
  const rows: readonly Row[] = [
    ["all hosts", [gateway("eastwest", [passthroughServer("*")])], [at(0)]],
    ["all hosts of a namespace", [gateway("eastwest", [passthroughServer("shop/*")])], [at(0)]],
    ["all hosts of its own namespace", [gateway("eastwest", [passthroughServer("./*")])], [at(0)]],
    [
      "a wildcard beside an exact host",
      [gateway("eastwest", [passthroughServer(host, "*.bank.svc.cluster.local")])],
      [at(1)],
    ],
    ["exact hosts", [gateway("eastwest", [passthroughServer(host, `shop/pay.${host}`)])], []],
    [
      "a wildcard of a gateway for requests",
      [
        gateway("ingress", [
          {
            port: { number: 443, name: "https", protocol: "HTTPS" },
            tls: { mode: "SIMPLE", credentialName: "web" },
            hosts: ["*"],
          },
        ]),
      ],
      [],
    ],
    [
      "PASSTHROUGH of a wildcard at a port of its own",
      [
        gateway("ingress", [
          {
            port: { number: 8443, name: "tls", protocol: "TLS" },
            tls: { mode: "PASSTHROUGH" },
            hosts: ["*.example.com"],
          },
        ]),
      ],
      [],
    ],
    [
      "a Gateway of Kubernetes' Gateway API, which is another kind",
      [
        object("gateway.networking.k8s.io/v1", "Gateway", "edge", "web", {
          spec: {
            gatewayClassName: "istio",
            listeners: [{ name: "x", port: 80, hostname: "*.x" }],
          },
        }),
      ],
      [],
    ],
  ];
  it.each(rows)("%s", (_what, objects, found) => expect(foundIn(objects)).toEqual(found));

  it("also with PASSTHROUGH at the mesh's own port", () => {
    const server = { ...passthroughServer("*"), tls: { mode: "PASSTHROUGH" } };
    const objects = [gateway("eastwest", [server])];
    expect(foundIn(objects)).toEqual([at(0)]);
    expect(foundIn(objects, { settings: policySettings({ gatewayPort: 16443 }) })).toEqual([]);
  });
});

describe("a host is let through once", () => {
  const one = gateway("eastwest", [passthroughServer(host)]);
  const second = (
    servers: readonly object[],
    selector?: Readonly<Record<string, string>>,
  ): readonly Manifest[] => [one, gateway("second", servers, selector)];
  const clash = "gateway_overlap Gateway edge/second spec.servers[0].hosts[0]";
  const pods = deployment("gateway", { namespace: "edge" });
  const guard = object("networking.k8s.io/v1", "NetworkPolicy", "edge", "gateway", {
    spec: { podSelector: {} },
  });
  const rows: readonly Row[] = [
    ["the same host", second([passthroughServer(host)]), [clash]],
    ["the same host behind a namespace", second([passthroughServer(`shop/${host}`)]), [clash]],
    [
      "a wildcard over it",
      second([passthroughServer("*.shop.svc.cluster.local")]),
      ["gateway_wildcard Gateway edge/second spec.servers[0].hosts[0]", clash],
    ],
    [
      "a selector that asks for more labels",
      second([passthroughServer(host)], { ...gatewayLabels, app: "second" }),
      [clash],
    ],
    ["a selector that takes all pods", second([passthroughServer(host)], {}), [clash]],
    [
      "two servers of one Gateway",
      [gateway("eastwest", [passthroughServer(host), passthroughServer(host)])],
      ["gateway_overlap Gateway edge/eastwest spec.servers[1].hosts[0]"],
    ],
    [
      "labels that pods have both of",
      [
        gateway("eastwest", [passthroughServer(host)], { app: "gateway" }),
        gateway("second", [passthroughServer(host)], { version: "v1" }),
        pods,
        guard,
      ],
      [clash],
    ],
    [
      "labels that no pods have both of",
      [
        gateway("eastwest", [passthroughServer(host)], { app: "gateway" }),
        gateway("second", [passthroughServer(host)], { app: "other" }),
        pods,
        guard,
      ],
      [],
    ],
    ["another host", second([passthroughServer("pay.shop.svc.cluster.local")]), []],
    [
      "another port",
      second([{ ...passthroughServer(host), port: { number: 16443, name: "t", protocol: "TLS" } }]),
      [],
    ],
    ["another address of the pods", second([{ ...passthroughServer(host), bind: "10.0.0.1" }]), []],
    [
      "a gateway that isn't one for others",
      second([{ ...passthroughServer(host), tls: undefined }]),
      [],
    ],
  ];
  it.each(rows)("%s", (_what, objects, found) => expect(foundIn(objects)).toEqual(found));
});

describe("what lets TLS through takes nothing else", () => {
  const withProtocol = (protocol: string | undefined) =>
    foundIn([
      gateway("eastwest", [
        { ...passthroughServer(host), port: { number: 15443, name: "x", protocol } },
      ]),
    ]);
  it.each(["HTTP", "tcp", "GRPC"])("%s is refused", (protocol) =>
    expect(withProtocol(protocol)).toEqual([
      "gateway_not_tls Gateway edge/eastwest spec.servers[0].port.protocol",
    ]),
  );
  it.each(["TLS", "tls", "HTTPS", undefined])("%s passes", (protocol) =>
    expect(withProtocol(protocol)).toEqual([]),
  );
});

describe("istiod's ports aren't open to everybody", () => {
  const service = (
    spec: Readonly<Record<string, unknown>>,
    annotations: Readonly<Record<string, string>> = {},
  ): Manifest => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "gateway", namespace: "edge", annotations },
    spec: { type: "LoadBalancer", ...spec },
  });
  const found = ["control_plane_exposed Service edge/gateway spec.ports[0]"];
  const xds = { ports: [{ name: "xds", port: 15012 }] };
  const rows: readonly Row[] = [
    ["by its port", [service(xds)], found],
    ["by its target", [service({ ports: [{ port: 443, targetPort: 15017 }] })], found],
    [
      "to ranges that are everybody",
      [service({ ...xds, loadBalancerSourceRanges: ["0.0.0.0/0"] })],
      found,
    ],
    ["to ranges", [service({ ...xds, loadBalancerSourceRanges: ["198.51.100.0/24"] })], []],
    ["inside of the cluster", [service({ ...xds, type: "ClusterIP" })], []],
    [
      "inside of a cloud's network",
      [service(xds, { "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal" })],
      [],
    ],
    [
      "to the internet, as an annotation says",
      [service(xds, { "service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing" })],
      found,
    ],
    ["other ports", [service({ ports: [{ port: 15443 }, { port: 15021 }] })], []],
  ];
  it.each(rows)("%s", (_what, objects, expected) => expect(foundIn(objects)).toEqual(expected));
});
