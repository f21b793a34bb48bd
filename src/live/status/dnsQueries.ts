/** Asks the servers that pods ask for global names, over forwarded ports. */
import type { Duplex } from "node:stream";
import type { V1Pod } from "@kubernetes/client-node";
import { decode, type DecodedPacket, streamEncode } from "dns-packet";
import type { GlobalService, Mesh } from "../../core/mesh";
import type { ClusterPlan } from "../../core/plan";
import { dnsServerName } from "../../core/objects/globalDns";
import { counted } from "../../core/words";
import { bounded } from "../bounded";
import type { LiveCluster } from "../liveCluster";
import { type Answer, asked, unanswered } from "./answer";
import { captures } from "./dnsServers";
import { fine, type Verdict } from "./finding";
import { type ClusterObservation, placeOf } from "./observation";
import { isReady, workloadOf } from "./podState";

/** Milliseconds for all answers of a server. */
const patience = 8000;

/** Port of a sidecar's DNS proxy, on the pod's loopback. (Istio, pkg/dns/client) */
const proxyPort = 15053;

/** A server, and what it said of each name: its addresses, or the response code. */
export interface DnsObservation {
  /** Who that is, for a person. */
  readonly server: string;
  /** Key of the object that it belongs to. */
  readonly subject: string;
  readonly answers: Answer<ReadonlyMap<string, readonly string[] | string>>;
}

/** The server that pods ask comes last: where two are asked, the first is the one that knows. */
export async function observeDns(
  live: LiveCluster,
  mesh: Mesh,
  { cluster }: ClusterPlan,
  seen: ClusterObservation,
): Promise<readonly DnsObservation[]> {
  const hosts = consumedBy(mesh, cluster.name).map(({ host }) => host);
  if (hosts.length === 0) return [];
  const { namespace } = mesh.istio;
  const servers =
    cluster.dns.mode === "proxy"
      ? [sidecarOf(mesh, seen)]
      : [
          server(`apps/Deployment/${namespace}/${dnsServerName}`, dnsServerName, seen.meshDnsPods),
          server("core/Service/kube-system/kube-dns", "the cluster's DNS", seen.clusterDnsPods),
        ];
  return Promise.all(
    servers
      .filter((found) => found !== undefined)
      .map(async ({ pod, port, ...who }) => ({
        ...who,
        answers: await asked(
          `create pods/portforward in ${pod.metadata?.namespace ?? ""}`,
          async () => {
            const target = {
              namespace: pod.metadata?.namespace ?? "",
              pod: pod.metadata?.name ?? "",
            };
            const answers = await bounded(batchesOf(hosts), atOnce, async (some) =>
              query(await live.forward({ ...target, port }), some),
            );
            return new Map(answers.flatMap((known) => [...known]));
          },
        ),
      })),
  );
}

/** Istio's DNS proxy, like others that are made with the same Go package, ends a connection after 128 queries (miekg/dns, `maxTCPQueries`). */
const queriesOfConnection = 100;
/** Connections to a server. */
const atOnce = 4;

function batchesOf(hosts: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(hosts.length / queriesOfConnection);
  return Array.from({ length: count }, (_, index) =>
    hosts.slice(index * queriesOfConnection, (index + 1) * queriesOfConnection),
  );
}

interface Server {
  readonly server: string;
  readonly subject: string;
  readonly pod: V1Pod;
  readonly port: number;
}

function consumedBy({ services }: Mesh, cluster: string): readonly GlobalService[] {
  return services.filter((service) => service.consumedBy.includes(cluster));
}

/** One that is ready; the port is the one that it says it serves DNS over TCP on. */
function server(subject: string, name: string, pods: Answer<readonly V1Pod[]>): Server | undefined {
  const pod = pods.ok ? pods.value.find(isReady) : undefined;
  if (pod === undefined) return undefined;
  const ports = (pod.spec?.containers ?? []).flatMap(({ ports: own = [] }) => own);
  const port = ports.find(({ name: called }) => called === "dns-tcp")?.containerPort ?? 53;
  return { subject, server: name, pod, port };
}

/** The DNS proxy of a pod that may call. */
function sidecarOf(mesh: Mesh, seen: ClusterObservation): Server | undefined {
  const pods = consumedBy(mesh, seen.cluster)
    .flatMap(({ namespace, callers = [] }) => [
      ...callers.map((caller) => caller.namespace),
      namespace,
    ])
    .flatMap((namespace) => {
      const answer = seen.namespaces.get(namespace)?.pods;
      return answer?.ok === true ? answer.value : [];
    });
  const pod = pods.find((candidate) => isReady(candidate) && captures(candidate));
  if (pod === undefined) return undefined;
  const { name, namespace } = placeOf(pod);
  const who = `the proxy of ${workloadOf(pod)}`;
  return { subject: `core/Pod/${namespace}/${name}`, server: who, pod, port: proxyPort };
}

/** Asks for the IPv4 addresses of all names on one connection (RFC 1035 §4.2.2, RFC 7766). */
async function query(
  stream: Duplex,
  hosts: readonly string[],
): Promise<ReadonlyMap<string, readonly string[] | string>> {
  const timer = setTimeout(
    () => stream.destroy(new Error(`no answer in ${patience / 1000} s`)),
    patience,
  );
  const answers = new Map<string, readonly string[] | string>();
  try {
    for (const [index, host] of hosts.entries()) {
      const questions = [{ type: "A", name: host }] as const;
      const flags = 0x0100; // Recursion desired.
      stream.write(
        streamEncode({ type: "query", id: index + 1, flags, questions: [...questions] }),
      );
    }
    let heard = Buffer.alloc(0);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      heard = Buffer.concat([heard, chunk]);
      while (heard.length >= 2 && heard.length >= 2 + heard.readUInt16BE()) {
        const length = heard.readUInt16BE();
        const packet = decode(heard.subarray(2, 2 + length));
        heard = heard.subarray(2 + length);
        const host = hosts[(packet.id ?? 0) - 1];
        if (host !== undefined) answers.set(host, answerOf(packet));
      }
      if (answers.size === hosts.length) return answers;
    }
    throw new Error("the connection ended without an answer");
  } finally {
    clearTimeout(timer);
    stream.destroy();
  }
}

function answerOf(packet: DecodedPacket): readonly string[] | string {
  const addresses = (packet.answers ?? []).flatMap((answer) =>
    answer.type === "A" ? [answer.data] : [],
  );
  return addresses.length > 0 ? [...new Set(addresses)] : codeOf(packet);
}

/** `NXDOMAIN`; the types leave it out. */
function codeOf(packet: DecodedPacket & { readonly rcode?: string }): string {
  return packet.rcode === "NOERROR" ? "no address" : (packet.rcode ?? "no address");
}

export function judgeDns(
  mesh: Mesh,
  { cluster }: ClusterPlan,
  observed: readonly DnsObservation[],
): readonly Verdict[] {
  const services = consumedBy(mesh, cluster.name);
  const wrong = new Set<string>();
  return observed.flatMap(({ server: name, subject, answers }): readonly Verdict[] => {
    if (!answers.ok) return [unanswered(subject, answers)];
    const verdicts = services.flatMap((service): readonly Verdict[] => {
      const answer = answers.value.get(service.host) ?? "no answer";
      if (Array.isArray(answer) && answer.join() === service.address) return [];
      // What the mesh's own server doesn't know, the cluster's can't have from it.
      if (wrong.has(service.host)) return [];
      wrong.add(service.host);
      return [wrongAnswer(service, name, subject, answer)];
    });
    return verdicts.length > 0
      ? verdicts
      : [fine(subject, `${counted(services.length, "name")} answered by ${name}`)];
  });
}

function wrongAnswer(
  { host, address, key: service }: GlobalService,
  name: string,
  subject: string,
  answer: readonly string[] | string,
): Verdict {
  const hint =
    "see that the names' server and what leads to it are as planned; caches keep answers for 30 s";
  return typeof answer === "string"
    ? {
        ...{ state: "error", code: "dns_no_answer", subject, service, hint },
        message: `${name} doesn't know ${host}: ${answer}`,
      }
    : {
        ...{ state: "error", code: "dns_wrong_answer", subject, service, hint },
        message: `${name} gives ${answer.join(", ")} for ${host}, whose address is ${address}`,
      };
}
