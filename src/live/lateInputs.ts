/** Late values of a plan, asked of the clusters when they are needed. */
import type { V1Node, V1Secret, V1Service } from "@kubernetes/client-node";
import { setTimeout as wait } from "node:timers/promises";
import { Late, type LateInput, lateInputKey, lateValuesIn, mapLate } from "../core/late";
import type { CaFilesByCluster } from "../core/literals";
import { clusterOf, type Mesh } from "../core/mesh";
import { dnsServerName } from "../core/objects/globalDns";
import type { Manifest } from "../core/objects/manifest";
import { readerTokenName } from "../core/objects/remoteSecrets";
import { getOrMake } from "../core/once";
import { gatewayAddresses } from "./gatewayAddresses";
import type { LiveCluster } from "./liveCluster";
import type { LiveMerge } from "./sharedObject";

/** Seconds in which a load balancer or a Service has to have its address. */
const patience = 120;

/** What is asked for late values. */
export interface LateSources {
  readonly mesh: Mesh;
  readonly clusters: ReadonlyMap<string, LiveCluster>;
  /** @default no cluster gets a CA */
  readonly certificates?: CaFilesByCluster | undefined;
  /** What stands for a value that isn't there, where nothing is waited for. @default it is waited for */
  readonly otherwise?: string;
}

/** A manifest as it is applied, and what is merged into the live object beside it. */
export interface Resolved {
  readonly manifest: Manifest;
  readonly merges: readonly LiveMerge[];
}

/** Asks for each value once. */
export class LateInputs {
  readonly #sources: LateSources;
  readonly #known = new Map<string, Promise<string>>();

  constructor(sources: LateSources) {
    this.#sources = sources;
  }

  /**
   * A manifest with its late values; it waits for addresses that are being given.
   * @throws Error for a value that doesn't come, and for certificates that aren't there.
   */
  async resolve(manifest: Manifest): Promise<Resolved> {
    const merges: LiveMerge[] = [];
    const { data, ...rest } = manifest;
    const kept: [string, unknown][] = [];
    for (const [key, value] of Object.entries((data ?? {}) as Readonly<Record<string, unknown>>)) {
      const merge = await this.#mergeOf(key, value);
      if (merge === undefined) kept.push([key, value]);
      else merges.push(merge);
    }
    const own =
      merges.length === 0
        ? manifest
        : { ...rest, ...(kept.length === 0 ? {} : { data: Object.fromEntries(kept) }) };
    const values = new Map<string, string>();
    for (const input of lateValuesIn(own).flatMap((late) => late.inputs))
      values.set(lateInputKey(input), await this.#value(input));
    const lookUp = (input: LateInput) => values.get(lateInputKey(input)) ?? "";
    return { manifest: mapLate(own, (late) => late.resolve(lookUp)) as Manifest, merges };
  }

  /** A text that is merged into what the cluster has then, rather than read now. */
  async #mergeOf(key: string, value: unknown): Promise<LiveMerge | undefined> {
    if (!(value instanceof Late)) return undefined;
    const { expression } = value;
    if (expression.use !== "mergedCorefile" && expression.use !== "mergedStubDomains")
      return undefined;
    const { use, domain, address } = expression;
    return {
      ...{ key, use, domain },
      address: typeof address === "string" ? address : await this.#value(address),
    };
  }

  #value(input: LateInput): Promise<string> {
    return getOrMake(this.#known, lateInputKey(input), () => this.#ask(input));
  }

  #readerSecret(live: LiveCluster, part: "token" | "ca.crt"): Promise<string> {
    const { mesh, otherwise } = this.#sources;
    const what = `Kubernetes has made no token by which other control planes read ${live.name}`;
    return eventually(what, readerSecretPart(mesh, live, part), otherwise);
  }

  async #ask(input: LateInput): Promise<string> {
    const { mesh, clusters, certificates, otherwise } = this.#sources;
    const live = clusters.get(input.cluster);
    if (input.kind === "caFile") {
      const text = certificates?.[input.cluster]?.[input.file];
      if (text === undefined) throw new Error(`there is no CA for ${input.cluster}`);
      return text;
    }
    if (live === undefined) throw new Error(`there is no way to cluster ${input.cluster}`);
    switch (input.kind) {
      case "gatewayAddress":
        return eventually(
          `the gateway of ${input.cluster} has no address`,
          () => gatewayAddress(mesh, live),
          otherwise,
        );
      case "apiServer":
        return live.server;
      case "readerAuthority":
        return this.#readerSecret(live, "ca.crt");
      case "readerToken":
        return this.#readerSecret(live, "token");
      case "dnsAddress":
        return eventually(
          `the DNS server of ${input.cluster} has no address`,
          async () => {
            const at = serviceAt(mesh.istio.namespace, dnsServerName);
            return (await live.find<V1Service>(at))?.spec?.clusterIP;
          },
          otherwise,
        );
      case "corefile":
      case "stubDomains":
        throw new Error(`${lateInputKey(input)} is merged into what is there`);
    }
  }
}

/** What Kubernetes puts into the secret with the token, once it is there. */
function readerSecretPart(
  { istio, clusters }: Mesh,
  live: LiveCluster,
  part: "token" | "ca.crt",
): () => Promise<string | undefined> {
  const name = readerTokenName(clusterOf({ clusters }, live.name));
  const metadata = { name, namespace: istio.namespace };
  return async () => {
    const secret = await live.find<V1Secret>({ apiVersion: "v1", kind: "Secret", metadata });
    const value = secret?.data?.[part];
    return value === undefined ? undefined : Buffer.from(value, "base64").toString("utf8");
  };
}

async function gatewayAddress(mesh: Mesh, live: LiveCluster): Promise<string | undefined> {
  const { gateway } = clusterOf(mesh, live.name);
  const service = await live.find<V1Service>(serviceAt(gateway.namespace, gateway.name));
  const nodes = gateway.service === "NodePort" ? await live.list<V1Node>("v1", "Node") : [];
  return gatewayAddresses(gateway, service, nodes)[0];
}

function serviceAt(namespace: string, name: string): Manifest {
  return { apiVersion: "v1", kind: "Service", metadata: { name, namespace } };
}

async function eventually(
  what: string,
  ask: () => Promise<string | undefined>,
  otherwise: string | undefined,
): Promise<string> {
  const deadline = performance.now() + patience * 1000;
  for (;;) {
    const value = await ask();
    if (value !== undefined && value !== "") return value;
    if (otherwise !== undefined) return otherwise;
    if (performance.now() > deadline) throw new Error(`${what} after ${patience} s`);
    await wait(1000);
  }
}
