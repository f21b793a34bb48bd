import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { reachClusters } from "../../src/live/contexts";

const folder = mkdtempSync(join(tmpdir(), "meshspan-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A kubeconfig whose contexts reach servers of their own names; the last is current. */
function kubeconfig(file: string, ...contexts: readonly string[]): string {
  const path = join(folder, file);
  const text = stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": contexts.at(-1),
    clusters: contexts.map((name) => ({ name, cluster: { server: `https://${file}.${name}` } })),
    contexts: contexts.map((name) => ({ name, context: { cluster: name, user: name } })),
    users: contexts.map((name) => ({ name, user: { token: `token-of-${name}` } })),
  });
  writeFileSync(path, text);
  return path;
}

const first = kubeconfig("first", "east", "kind-west", "shop-north", "kind-shop-south");
const second = kubeconfig("second", "east", "other");

async function reached(...args: Parameters<typeof reachClusters>) {
  const { clusters, faults } = await reachClusters(...args);
  return { servers: [...clusters.values()].map(({ name, server }) => [name, server]), faults };
}

describe("reachClusters", () => {
  it("finds contexts by the clusters' names, as kind and others make them", async () => {
    const names = ["east", "west", "north", "south"];
    expect(await reached("shop", names, { kubeconfigs: [first, second] })).toEqual({
      servers: [
        ["east", "https://first.east"],
        ["west", "https://first.kind-west"],
        ["north", "https://first.shop-north"],
        ["south", "https://first.kind-shop-south"],
      ],
      faults: [],
    });
  });

  it("takes the first file that has the context, and what was said before all", async () => {
    const kubeconfigs = [second, first];
    const contextOf = new Map([["west", "other"]]);
    const { servers } = await reached("shop", ["east", "west"], { kubeconfigs, contextOf });
    expect(servers).toEqual([
      ["east", "https://second.east"],
      ["west", "https://second.other"],
    ]);
  });

  it("takes the current context of a cluster's own file, or the one that was named", async () => {
    const kubeconfigOf = new Map(["east", "west"].map((name) => [name, second]));
    const contextOf = new Map([["west", "east"]]);
    const { clusters } = await reachClusters("shop", ["east", "west"], { kubeconfigOf, contextOf });
    const users = [...clusters.values()].map(({ config }) => config.getCurrentUser()?.name);
    expect(users).toEqual(["other", "east"]);
  });

  it("takes no cluster for two, by whichever contexts", async () => {
    const fault = {
      cluster: "west",
      message:
        "east and west would be the same cluster: the context other is of https://second.other",
      hint: "name the context of each, such as --context west=CONTEXT",
    };
    const servers = [["east", "https://second.other"]];
    const kubeconfigOf = new Map(["east", "west"].map((name) => [name, second]));
    expect(await reached("shop", ["east", "west"], { kubeconfigOf })).toEqual({
      servers,
      faults: [fault],
    });
    const contextOf = new Map(["east", "west"].map((name) => [name, "other"]));
    expect(await reached("shop", ["east", "west"], { kubeconfigs: [second], contextOf })).toEqual({
      servers,
      faults: [fault],
    });
  });

  it("reads the files of KUBECONFIG, less those that aren't there", async () => {
    const before = process.env.KUBECONFIG;
    process.env.KUBECONFIG = [join(folder, "none"), first].join(":");
    try {
      expect((await reached("shop", ["east"])).servers).toEqual([["east", "https://first.east"]]);
    } finally {
      if (before === undefined) delete process.env.KUBECONFIG;
      else process.env.KUBECONFIG = before;
    }
  });

  it.each([
    {
      choice: { kubeconfigs: [second] },
      message: "no context is known for cluster east1",
      hint: 'name it with --context east1=CONTEXT (did you mean "east"?), or give a kubeconfig of its own with --kubeconfig east1=FILE',
    },
    {
      choice: { kubeconfigs: [second], contextOf: new Map([["east1", "othr"]]) },
      message: 'there is no context "othr" for cluster east1',
      hint: 'did you mean "other"?',
    },
    {
      choice: { kubeconfigs: [], kubeconfigOf: new Map([["east1", join(folder, "none")]]) },
      message: `there is no kubeconfig ${join(folder, "none")}`,
      hint: "name another, or make it as your provider says",
    },
    {
      choice: { kubeconfigs: [], kubeconfigOf: new Map([["east1", __filename]]) },
      message: `${__filename} is no kubeconfig`,
      hint: "give one such as kubectl config view --raw --flatten prints",
    },
  ])("says of a cluster that isn't found: $message", async ({ choice, message, hint }) => {
    expect(await reached("shop", ["east1"], choice)).toEqual({
      servers: [],
      faults: [{ cluster: "east1", message, hint }],
    });
  });
});
