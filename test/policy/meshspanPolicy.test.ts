import { type PolicyResource, unknownCheckingProxy } from "@pulumi/policy";
import type { Manifest } from "../../src";
import { MeshError } from "../../src";
import { policyRules } from "../../src/core/policy/rules";
import { meshspanPolicies, type MeshspanPolicyOptions, type PolicyCode } from "../../src/policy";
import {
  entry,
  gatewayLabels,
  mutual,
  networking,
  object,
  passthroughServer,
  rule,
} from "../core/policy/handWritten";

/** How Pulumi's SDK writes a text that isn't known yet. */
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A resource as Pulumi shows it to policies. */
const resource = (
  manifest: Manifest,
  provider = "east",
  more: Readonly<Record<string, unknown>> = {},
): PolicyResource =>
  ({
    type: `kubernetes:${manifest.apiVersion}:${manifest.kind}`,
    urn: `urn:pulumi:s::p::kubernetes::${provider} ${manifest.metadata.name}`,
    name: manifest.metadata.name,
    props: unknownCheckingProxy(manifest),
    opts: { additionalSecretOutputs: [] },
    provider: { name: provider },
    dependencies: [],
    ...more,
  }) as never;

function policyOf(code: PolicyCode, options: MeshspanPolicyOptions = {}) {
  const policy = meshspanPolicies(options).find(({ name }) => name === code);
  if (policy === undefined) throw new Error(`there is no policy ${code}`);
  return policy;
}

/** `<name of the resource>: <message>` of what a policy reports. */
async function reported(
  code: PolicyCode,
  resources: readonly PolicyResource[],
  options: MeshspanPolicyOptions = {},
): Promise<readonly string[]> {
  const policy = policyOf(code, options);
  const found: string[] = [];
  if ("validateStack" in policy) {
    const { validateStack } = policy;
    await validateStack({ resources: [...resources] } as never, (message, urn = "") => {
      found.push(`${urn.split("::").at(-1)}: ${message}`);
    });
    return found;
  }
  const { validateResource } = policy;
  for (const one of resources)
    await (validateResource as CallableFunction)(one, (message: string) => {
      found.push(`${one.name}: ${message}`);
    });
  return found;
}

const gateway = (name: string, ...hosts: readonly string[]) =>
  object(networking, "Gateway", "edge", name, {
    spec: { selector: gatewayLabels, servers: [passthroughServer(...hosts)] },
  });
const host = "redis.shop.svc.cluster.local";

describe("the policies", () => {
  it("are one for each rule, but for files given twice", () => {
    expect(meshspanPolicies().map(({ name }) => name)).toEqual(
      policyRules.map(({ code }) => code).filter((code) => code !== "object_given_twice"),
    );
  });

  it("are mandatory where trust is broken, advisory elsewhere, and what a pack says", () => {
    expect(policyOf("tls_disabled").enforcementLevel).toBe("mandatory");
    expect(policyOf("host_hidden").enforcementLevel).toBe("advisory");
    const enforcement = { tls_disabled: "disabled", host_hidden: "mandatory" } as const;
    expect(policyOf("tls_disabled", { enforcement }).enforcementLevel).toBe("disabled");
    expect(policyOf("host_hidden", { enforcement }).enforcementLevel).toBe("mandatory");
  });

  it("are refused with options that no description takes", () => {
    expect(() => meshspanPolicies({ addresses: "10.0.0.0" })).toThrow(MeshError);
    expect(() => meshspanPolicies({ description: { name: "X", clusters: {} } })).toThrow(MeshError);
  });

  it("say where, what and how it's mended", async () => {
    expect(await reported("gateway_wildcard", [resource(gateway("g", "*"))])).toEqual([
      'g: spec.servers[0].hosts[0]: "*" lets other clusters call every service that it covers: list the exported hosts one by one, as <service>.<namespace>.svc.cluster.local',
    ]);
  });
});

describe("resources", () => {
  it("of other providers, and charts, are left alone", async () => {
    const types = ["aws:s3/bucket:Bucket", "kubernetes:helm.sh/v3:Release"];
    const others = types.map((type) =>
      resource(gateway("g", "*"), "east", { type, props: { chart: "istiod" } }),
    );
    expect(await reported("gateway_wildcard", others)).toEqual([]);
  });

  it("are of the cluster that their provider is", async () => {
    const twice = [gateway("a", host), gateway("b", host)] as const;
    const [a, b] = [resource(twice[0], "east"), resource(twice[1], "west")];
    expect(await reported("gateway_overlap", [a, b])).toEqual([]);
    const clusters = { frankfurt: ["east", "west"] };
    expect(await reported("gateway_overlap", [a, b], { clusters })).toHaveLength(1);
  });

  it("give the same, in whatever order they come", async () => {
    const twice = ["a", "b", "c"].map((name) => resource(gateway(name, host)));
    const found = await reported("gateway_overlap", twice);
    expect(found).toHaveLength(3);
    expect(await reported("gateway_overlap", twice.toReversed())).toEqual(found);
  });

  it("pass with values that aren't known yet, and are looked at apart from them", async () => {
    const withTls = (tls: object) =>
      resource(rule("redis", "redis.shop.global", { trafficPolicy: { tls } }));
    for (const tls of [
      { ...mutual, mode: unknown },
      { ...mutual, subjectAltNames: [unknown] },
      { ...mutual, sni: unknown },
    ]) {
      for (const code of ["tls_disabled", "identity_unchecked", "server_name_wrong"] as const)
        expect(await reported(code, [withTls(tls)])).toEqual([]);
    }
    expect(
      await reported("gateway_wildcard", [resource(gateway("g", unknown, "*.local"))]),
    ).toHaveLength(1);
    const whole = { ...gateway("g", "*"), spec: "dd056dcd-154b-4c76-9bd3-c8f88648b5ff" };
    for (const code of ["gateway_wildcard", "object_malformed"] as const)
      expect(await reported(code, [resource(whole)])).toEqual([]);
  });

  it("stand beside what a description plans in their cluster", async () => {
    const description = {
      name: "shop",
      clusters: {
        east: { gateway: { address: "203.0.113.10" } },
        west: { gateway: { address: "203.0.113.20" } },
      },
      services: {
        "redis.shop": {
          ports: [{ name: "tcp-redis", port: 6379, protocol: "TCP" }],
          serviceAccount: "redis",
          servedBy: ["west"],
          consumedBy: ["east"],
        },
      },
    };
    const second = entry("redis", "redis.shop.global", "240.0.1.1", {}, "apps");
    const at = (provider: string) => [resource(second, provider)];
    expect(await reported("host_owned_twice", at("east"))).toEqual([]);
    expect(await reported("host_owned_twice", at("east"), { description })).toEqual([
      'east redis: spec.hosts[0]: "redis.shop.global" belongs to ServiceEntry shop/redis already: remove one of the two, and say in the other what both have to say',
    ]);
    // Nothing of it is planned there.
    expect(await reported("host_owned_twice", at("west"), { description })).toEqual([]);
  });
});
