/**
 * The lab's network: pods in network namespaces, routed by this machine (itself in a namespace of its own). Pods of one
 * cluster reach each other and their own node; another cluster only through the addresses of load balancers.
 */
import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { IPv4 } from "ipaddr.js";

const run = promisify(execFile);

/** Where load balancers are, for all clusters. (RFC 5737) */
export const loadBalancers = "203.0.113.0/24";
/** Range of the Services' addresses, the same in every cluster, as it is for most who run more than one. */
export const serviceRange = "10.96.0.0/16";
/** Where API servers listen, on their node's address. */
export const apiPort = 6443;
/** What pods take for their router, on each of their links. */
const router = "169.254.1.1";

/** One forwarded port: of a Service's address, of a node port or of a load balancer. */
export interface Forwarding {
  readonly address: string;
  readonly protocol: "tcp" | "udp";
  readonly port: number;
  /** `<address>:<port>` of each endpoint. */
  readonly targets: readonly string[];
  /** Reachable from every cluster and from outside. */
  readonly isPublic: boolean;
}

/** A pod that is shut in a direction, but for what is admitted. */
export interface Guard {
  readonly address: string;
  readonly direction: "in" | "out";
  readonly admits: readonly Admission[];
}

/** Who is admitted at which ports. */
export interface Admission {
  /** Ranges of addresses; `undefined` for anybody. */
  readonly peers: readonly string[] | undefined;
  /** `undefined` for every port. */
  readonly ports: readonly PortRange[] | undefined;
}

export interface PortRange {
  readonly protocol: "tcp" | "udp";
  readonly from: number;
  readonly to: number;
}

/** A cluster's part of the network. */
export class ClusterNetwork {
  readonly name: string;
  /** Address of its node, where its API server listens. */
  readonly node: string;
  /** The pods' addresses. */
  readonly range: string;
  /** First three parts of … */
  readonly #prefix: string;
  #last = 9;

  constructor(name: string, index: number) {
    this.name = name;
    this.#prefix = `10.${11 + index}`;
    this.node = `${this.#prefix}.0.1`;
    this.range = `${this.#prefix}.0.0/16`;
  }

  /** The next free address. */
  nextAddress(): string {
    this.#last += 1;
    return `${this.#prefix}.${Math.floor(this.#last / 250)}.${(this.#last % 250) + 1}`;
  }
}

export class Network {
  readonly #clusters = new Map<string, ClusterNetwork>();
  readonly #forwardings = new Map<string, readonly Forwarding[]>();
  readonly #guards = new Map<string, readonly Guard[]>();
  /** Whether pods reach API servers of other clusters, as most clouds' API servers can be reached. */
  readonly #hasOpenApiServers: boolean;
  /** Addresses of those who reach API servers from outside. */
  readonly #operators = new Set<string>();
  #links = 0;
  #indexes = 0;
  /** iptables is asked one thing at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(hasOpenApiServers = false) {
    this.#hasOpenApiServers = hasOpenApiServers;
    // Without it, answers to queries that were redirected come from the wrong address.
    execFileSync("sysctl", ["-q", "-w", "net.ipv4.ip_forward=1"]);
    // A pod hears of each connection that is refused, not of one a second.
    execFileSync("sysctl", ["-q", "-w", "net.ipv4.icmp_ratelimit=0"]);
    void this.#restore();
  }

  async addCluster(name: string): Promise<ClusterNetwork> {
    const cluster = new ClusterNetwork(name, this.#indexes++);
    await run("ip", ["address", "add", `${cluster.node}/32`, "dev", "lo"]);
    this.#clusters.set(name, cluster);
    await this.#restore();
    return cluster;
  }

  async removeCluster({ name, node }: ClusterNetwork): Promise<void> {
    this.#clusters.delete(name);
    this.#forwardings.delete(name);
    this.#guards.delete(name);
    await run("ip", ["address", "delete", `${node}/32`, "dev", "lo"]);
    await this.#restore();
  }

  /**
   * A network namespace with an address; one outside of all clusters' ranges reaches load balancers alone.
   * @param source What this machine calls it from.
   */
  async addHost(name: string, address: string, source = router): Promise<void> {
    const link = `lab${++this.#links}`;
    await run("ip", ["netns", "add", name]);
    await batch([
      `link add ${link} type veth peer name eth0 netns ${name}`,
      `address add ${router}/32 dev ${link}`,
      `link set ${link} up`,
      `route add ${address}/32 dev ${link} src ${source}`,
    ]);
    await batch(
      [
        "link set lo up",
        `address add ${address}/32 dev eth0`,
        "link set eth0 up",
        `route add ${router}/32 dev eth0 scope link`,
        `route add default via ${router}`,
      ],
      ["-n", name],
    );
  }

  /** A host of somebody who runs the clusters: outside of them, it reaches load balancers and API servers. */
  async addOperator(name: string, address: string): Promise<void> {
    await this.addHost(name, address);
    this.#operators.add(address);
    await this.#restore();
  }

  /** Its link goes with it. */
  async removeHost(name: string): Promise<void> {
    await run("ip", ["netns", "delete", name]);
  }

  /** What is forwarded in a cluster from now on. */
  async forward({ name }: ClusterNetwork, forwardings: readonly Forwarding[]): Promise<void> {
    if (!this.#clusters.has(name)) return;
    this.#forwardings.set(name, forwardings);
    await this.#restore();
  }

  /** Whom pods of a cluster are shut to from now on; connections that are there stay. */
  async guard({ name }: ClusterNetwork, guards: readonly Guard[]): Promise<void> {
    if (!this.#clusters.has(name)) return;
    this.#guards.set(name, guards);
    await this.#restore();
  }

  #restore(): Promise<void> {
    const turn = this.#turn.then(async () => {
      const child = run("iptables-restore", ["--wait", "10"]);
      child.child.stdin?.end(this.#rules());
      await child;
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #rules(): string {
    const clusters = [...this.#clusters.values()];
    const forwardings = [...this.#forwardings].flatMap(([name, list]) =>
      list.flatMap((forwarding) => {
        const from = forwarding.isPublic ? "" : `-s ${this.#clusters.get(name)?.range} `;
        return redirections(forwarding).map((rule) => `-A SERVICES ${from}${rule}`);
      }),
    );
    const empty = [...this.#forwardings].flatMap(([name, list]) =>
      list
        .filter(({ targets }) => targets.length === 0)
        .map(({ address, protocol, port }) => {
          const from = this.#clusters.get(name)?.range;
          return `-A FORWARD -s ${from} -d ${address} -p ${protocol} --dport ${port} -j REJECT`;
        }),
    );
    const guards = [...this.#guards].flatMap(([name, list]) =>
      list.map((guard, index) => {
        const others = clusters.filter((cluster) => cluster.name !== name);
        return guardRules(`${name}-${index}`, guard, others);
      }),
    );
    return [
      "*filter",
      ":INPUT ACCEPT [0:0]",
      ":FORWARD ACCEPT [0:0]",
      ":OUTPUT ACCEPT [0:0]",
      ...guards.map(({ chain }) => `:${chain} - [0:0]`),
      ...guards.flatMap(({ rules }) => rules),
      "-A INPUT -i lo -j ACCEPT",
      "-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
      ...guards.flatMap(({ jump, direction }) => (direction === "out" ? [`-A INPUT ${jump}`] : [])),
      ...clusters.map(({ range, node }) => `-A INPUT -s ${range} -d ${node} -j ACCEPT`),
      ...(this.#hasOpenApiServers
        ? clusters.map(({ node }) => `-A INPUT -d ${node} -p tcp --dport ${apiPort} -j ACCEPT`)
        : []),
      ...[...this.#operators].map((address) => `-A INPUT -s ${address} -j ACCEPT`),
      "-A INPUT -j REJECT",
      "-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
      ...guards.map(({ jump }) => `-A FORWARD ${jump}`),
      ...empty,
      `-A FORWARD -m conntrack --ctstate DNAT --ctorigdst ${loadBalancers} -j ACCEPT`,
      ...clusters.map(({ range }) => `-A FORWARD -s ${range} -d ${range} -j ACCEPT`),
      "-A FORWARD -j REJECT --reject-with icmp-admin-prohibited",
      "COMMIT",
      "*nat",
      ":PREROUTING ACCEPT [0:0]",
      ":OUTPUT ACCEPT [0:0]",
      ":POSTROUTING ACCEPT [0:0]",
      ":SERVICES - [0:0]",
      "-A PREROUTING -j SERVICES",
      ...forwardings,
      // Clusters' networks translate: nobody elsewhere sees a pod's address.
      ...clusters.map(
        ({ range, node }) =>
          `-A POSTROUTING -s ${range} ! -d ${range} ! -o lo -j SNAT --to-source ${node}`,
      ),
      "COMMIT",
      "",
    ].join("\n");
  }
}

/**
 * A chain that what is admitted returns from. Pods see who calls from another cluster as its node, and that is what their policies
 * go by; here the translation is still to come. So do calls to another cluster go by the load balancer's address, which was
 * translated already.
 */
function guardRules(
  id: string,
  { address, direction, admits }: Guard,
  others: readonly ClusterNetwork[],
) {
  const chain = `GUARD-${id}`.slice(0, 28);
  const far = direction === "in" ? "-s" : "-d";
  const refuse = "-j REJECT --reject-with icmp-admin-prohibited";
  const elsewhere = others.flatMap(({ range, node }) => [
    ...admits.flatMap(({ peers, ports }) =>
      direction === "in"
        ? peers === undefined || peers.some((peer) => isWithin(node, peer))
          ? portMatches(ports).map((match) => `-A ${chain} -s ${range} ${match} -j RETURN`)
          : []
        : (peers ?? ["0.0.0.0/0"]).flatMap((peer) =>
            portMatches(ports, "--ctorigdstport").map(
              (match) =>
                `-A ${chain} -d ${range} -m conntrack --ctorigdst ${peer} ${match} -j RETURN`,
            ),
          ),
    ),
    `-A ${chain} ${far} ${range} ${refuse}`,
  ]);
  const own = admits.flatMap(({ peers, ports }) =>
    (peers ?? ["0.0.0.0/0"]).flatMap((peer) =>
      portMatches(ports).map((match) => `-A ${chain} ${far} ${peer} ${match} -j RETURN`),
    ),
  );
  return {
    chain,
    direction,
    jump: `${direction === "in" ? "-d" : "-s"} ${address} -j ${chain}`,
    rules: [...elsewhere, ...own, `-A ${chain} ${refuse}`],
  };
}

function portMatches(ports: Admission["ports"], option = "--dport"): readonly string[] {
  return ports?.map(({ protocol, from, to }) => `-p ${protocol} ${option} ${from}:${to}`) ?? [""];
}

function isWithin(address: string, range: string): boolean {
  return IPv4.parse(address).match(IPv4.parseCIDR(range.includes("/") ? range : `${range}/32`));
}

/** Each endpoint has the same share, as kube-proxy gives it. */
function redirections({ address, protocol, port, targets }: Forwarding): readonly string[] {
  return targets.map((target, index) => {
    const left = targets.length - index;
    const share =
      left === 1 ? "" : `-m statistic --mode random --probability ${(1 / left).toFixed(5)} `;
    return `-d ${address} -p ${protocol} --dport ${port} ${share}-j DNAT --to-destination ${target}`;
  });
}

async function batch(lines: readonly string[], options: readonly string[] = []): Promise<void> {
  const child = run("ip", [...options, "-batch", "-"]);
  child.child.stdin?.end(`${lines.join("\n")}\n`);
  await child;
}
