/** The demo shop in the lab: visits, and what proxies have to have seen of each of its calls. */
import Table from "cli-table3";
import type { MeshDescription, Workloads } from "../../src";
import { type Placement, shopClusters, shopMesh, type ShopCall } from "../../src/demo";
import { eventually } from "./eventually";
import { exec } from "./exec";
import type { Lab } from "./lab";
import type { Pod } from "./pod";
import { type AccessLogEntry, accessLog, statsOf } from "./proxy";

export interface LabShop {
  readonly description: MeshDescription;
  readonly workloads: Workloads;
  readonly calls: readonly ShopCall[];
}

/** The shop over the first clusters of `shopClusters`, one replica of each gateway, which is enough here. */
export function labShop(count: number, placement?: Placement): LabShop {
  const clusters = Object.fromEntries(
    Object.entries(shopClusters(count)).map(([name, cluster]) => [
      name,
      { ...cluster, gateway: { ...(cluster.gateway as object), replicas: { min: 1, max: 2 } } },
    ]),
  );
  return shopMesh({ clusters, ...(placement === undefined ? {} : { placement }) });
}

/** Pods of a workload in all clusters. */
function podsOf(lab: Lab, app: string): readonly Pod[] {
  return lab.clusters.flatMap((cluster) => cluster.podsOf(app));
}

/** What the front end answers to the load generator's pod. */
async function get(lab: Lab, path: string, form?: string): Promise<{ status: number; body: any }> {
  const [pod] = podsOf(lab, "loadgenerator");
  if (pod === undefined) throw new Error("no load generator runs");
  const address = pod.object.spec.containers[0].env.find(
    ({ name }: any) => name === "FRONTEND_ADDR",
  );
  const text = await exec(pod, [
    ...["curl", "--silent", "--max-time", "10", "--cookie", "shop_session-id=visit"],
    ...["--write-out", "\n%{http_code}", ...(form === undefined ? [] : ["--data", form])],
    `http://${address.value}${path}`,
  ]);
  const [body = "", status] = text.split(/\n(?=\d+$)/);
  return { status: Number(status), body: JSON.parse(body) };
}

/** Waits for the first page that is whole: it takes answers from other clusters. @returns milliseconds that it took */
export async function firstPage(lab: Lab): Promise<number> {
  const { ms } = await eventually("the shop's first page", async () => {
    const { status } = await get(lab, "/");
    return status === 200;
  });
  return ms;
}

/** Visits every page once and buys something. @throws Error for a page that isn't whole */
async function visit(lab: Lab): Promise<void> {
  const home = await get(lab, "/");
  const product = home.body.products?.[0]?.id as string;
  const order = [
    "email=someone@example.com&street_address=Road&zip_code=94043&city=Town&state=CA&country=US",
    "credit_card_number=4432801561520454&credit_card_expiration_month=1",
    "credit_card_expiration_year=2039&credit_card_cvv=672",
  ].join("&");
  const pages = [
    home,
    await get(lab, `/product/${product}`),
    await get(lab, "/cart", `product_id=${product}&quantity=2`),
    await get(lab, "/cart"),
    await get(lab, "/cart/checkout", order),
  ];
  const failed = pages.filter(({ status }) => status >= 400);
  if (failed.length > 0) throw new Error(JSON.stringify(failed.map(({ body }) => body.calls)));
}

/** What proxies saw of a call that crosses clusters. */
interface CallEvidence {
  readonly call: string;
  /** Address that the caller's proxy called: a gateway's. */
  readonly via: string;
  readonly viaIsGateway: boolean;
  /** Identity of the server as the caller's proxy verified it. */
  readonly server: string | null;
  /** Identity of the caller as the server's proxy verified it. */
  readonly caller: string | null;
  readonly serverName: string | null;
  /** Connections that gateways passed on to the service. */
  readonly passed: number;
}

const identity = (account: string) => `spiffe://cluster.local/ns/default/sa/${account}`;

/** What a call has to look like when it is right. */
function expectedEvidence(call: ShopCall): Omit<CallEvidence, "via" | "passed"> {
  return {
    call: nameOf(call),
    viaIsGateway: true,
    server: identity(call.to),
    caller: identity(call.from),
    serverName: `outbound_.${call.port}_._.${call.to}.default.svc.cluster.local`,
  };
}

const nameOf = ({ from, fromCluster, to }: ShopCall) => `${from} (${fromCluster}) → ${to}`;

/** Visits the shop, holds each call to what it has to look like at both ends and between, and prints a table of them. */
export async function showCalls(lab: Lab, calls: readonly ShopCall[]): Promise<void> {
  const since = Date.now();
  await visit(lab);
  const table = new Table({
    head: ["call", "gateway", "server", "caller", "connections"],
    style: { head: [], border: [] },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  for (const call of calls) {
    // A log has a connection when that ends; the shop's own load goes on meanwhile.
    const { found } = await eventually(nameOf(call), () => evidenceOf(lab, call, since));
    expect(found).toMatchObject(expectedEvidence(call));
    expect(found.passed).toBeGreaterThan(0);
    table.push([found.call, found.via, found.server, found.caller, found.passed]);
  }
  console.log(table.toString());
}

/** What was seen of a call since a moment; `undefined` while one of the two ends saw nothing. */
async function evidenceOf(
  lab: Lab,
  call: ShopCall,
  since: number,
): Promise<CallEvidence | undefined> {
  const caller = lab.cluster(call.fromCluster).podOf(call.from);
  const out = last(
    accessLog(caller, since).filter(
      ({ upstreamCluster, flags }) =>
        flags === "-" && upstreamCluster === `outbound|${call.port}||${call.host}`,
    ),
  );
  const received = last(
    podsOf(lab, call.to)
      .flatMap((pod) => accessLog(pod, since))
      .filter(
        ({ upstreamCluster, downstreamIdentity, serverName }) =>
          upstreamCluster.startsWith("inbound|") &&
          downstreamIdentity === identity(call.from) &&
          serverName !== null,
      ),
  );
  if (out === undefined || received === undefined) return undefined;
  const gateways = new Set(lab.clusters.map(({ gatewayAddress }) => `${gatewayAddress}:15443`));
  return {
    call: nameOf(call),
    via: out.upstreamHost ?? "",
    viaIsGateway: gateways.has(out.upstreamHost ?? ""),
    server: out.upstreamIdentity,
    caller: received.downstreamIdentity,
    serverName: received.serverName,
    passed: await passedOn(lab, call),
  };
}

async function passedOn(lab: Lab, { to, port }: ShopCall): Promise<number> {
  const counts = await Promise.all(
    lab.clusters.flatMap((cluster) =>
      cluster.podsOf("istio-eastwestgateway", "istio-eastwest").map(async (gateway) => {
        const stats = await statsOf(
          gateway,
          new RegExp(`outbound_.${port}_._.${to}.default.*upstream_cx_total`),
        );
        return [...stats.values()].reduce((sum, value) => sum + value, 0);
      }),
    ),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

function last(entries: readonly AccessLogEntry[]): AccessLogEntry | undefined {
  return entries.at(-1);
}
