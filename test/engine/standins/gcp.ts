/** Stand-in for Pulumi's Google Cloud provider: keeps what it's given, and makes up what Google would answer. */
import { createHash } from "node:crypto";
import { differences, replacedBy } from "./differences";
import { Failure, serve, type StandIn } from "./service";
import { unknown, type Properties } from "./values";

type Made = (inputs: Properties, id: string) => Properties;

/** Where the documentation's own addresses are: 198.51.100.0/24. */
function address(name: string): string {
  const byte = createHash("sha256").update(name).digest()[0] ?? 0;
  return `198.51.100.${1 + (byte % 254)}`;
}

function project(inputs: Properties): string {
  return String(inputs.project ?? "project");
}

function selfLink(inputs: Properties, id: string): Properties {
  return { selfLink: `projects/${project(inputs)}/${id}`, project: project(inputs) };
}

/** What MESHSPAN_STANDIN_GKE says about a cluster: `{"name": {"endpoint": "…", "ca": "…"}}`. */
function given(name: string): { endpoint?: string; ca?: string } {
  const all = JSON.parse(process.env.MESHSPAN_STANDIN_GKE ?? "{}") as Record<
    string,
    { endpoint?: string; ca?: string }
  >;
  return all[name] ?? {};
}

const computed: Record<string, Made> = {
  "gcp:compute/network:Network": (inputs, id) => ({
    ...selfLink(inputs, id),
    networkId: address(id),
    gatewayIpv4: "",
  }),
  "gcp:compute/subnetwork:Subnetwork": (inputs, id) => ({
    ...selfLink(inputs, id),
    gatewayAddress: address(id),
  }),
  "gcp:compute/router:Router": selfLink,
  "gcp:compute/routerNat:RouterNat": (inputs) => ({ project: project(inputs) }),
  "gcp:compute/address:Address": (inputs, id) => ({
    ...selfLink(inputs, id),
    address: inputs.address ?? address(String(inputs.name)),
    addressType: inputs.addressType ?? "EXTERNAL",
  }),
  "gcp:compute/firewall:Firewall": selfLink,
  "gcp:container/cluster:Cluster": (inputs, id) => {
    const { endpoint, ca } = given(String(inputs.name));
    return {
      ...selfLink(inputs, id),
      location: inputs.location ?? "region",
      endpoint: endpoint ?? address(String(inputs.name)),
      masterVersion: "1.36.2-gke.1",
      masterAuth: {
        clientCertificate: "",
        clientKey: "",
        clusterCaCertificate: ca ?? Buffer.from(`certificate of ${inputs.name}`).toString("base64"),
      },
    };
  },
  "gcp:container/nodePool:NodePool": (inputs) => ({
    project: project(inputs),
    instanceGroupUrls: [],
    managedInstanceGroupUrls: [],
  }),
  "gcp:serviceaccount/account:Account": (inputs) => {
    const email = `${inputs.accountId}@${project(inputs)}.iam.gserviceaccount.com`;
    return {
      project: project(inputs),
      email,
      member: `serviceAccount:${email}`,
      name: `projects/${project(inputs)}/serviceAccounts/${email}`,
      uniqueId: createHash("sha256").update(email).digest("hex").slice(0, 21),
    };
  },
  "gcp:projects/iAMMember:IAMMember": () => ({ etag: "BwY=" }),
};

/** What Google can't change in place, of what the stand-in has. */
const immutable = [
  "name",
  "project",
  "region",
  "location",
  "accountId",
  "member",
  "role",
  "network",
];

const gcp: StandIn = {
  plugin: "gcp",
  version: "9.37.0",
  // The real provider names what has no name, with a random ending; here it's always the same.
  check: ({ type, name }, inputs) =>
    /IAMMember$|Account$/.test(type) ? inputs : { ...inputs, name: inputs.name ?? name },
  diff: (_about, old, inputs) => ({
    changes: replacedBy(
      differences(old.inputs, inputs),
      immutable.map((key) => [key]),
    ),
  }),
  create({ type, preview, name }, inputs) {
    const make = computed[type];
    if (make === undefined)
      throw new Failure(`the stand-in for gcp has no ${type}`, "no such type");
    const kind = type.split(":").at(-1) ?? "";
    const id = `${kind.charAt(0).toLowerCase()}${kind.slice(1)}/${inputs.name ?? inputs.accountId ?? name}`;
    const made = make(inputs, id);
    const outputs = preview
      ? Object.fromEntries(Object.keys(made).map((key) => [key, inputs[key] ?? unknown]))
      : made;
    return { id, outputs: { ...inputs, ...outputs } };
  },
  update: (_call, old, inputs) => ({ ...old.outputs, ...inputs }),
  delete: () => undefined,
};

if (require.main === module) void serve(gcp);
