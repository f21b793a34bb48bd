import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Change,
  diffPlans,
  formatDiff,
  type MeshDiff,
  parseMesh,
  planMesh,
} from "../../../src";
import { defaultPlacement, type Placement, shopMesh } from "../../../src/demo";
import { escapeMarkdown } from "../../../src/core/markdown";
import { sampleDescription, samplePlan, withChange } from "../sampleMesh";
import { describeMesh, diffOf, planOf, withPay } from "./pairs";

const golden = join(__dirname, "../../golden/diff.md");

function planShop(placement: Placement) {
  const { description, workloads } = shopMesh({ placement });
  return planMesh(parseMesh({ ...description, trust: { issuer: "existing" } }), { workloads });
}

describe("the demo shop, when cartservice follows its Redis from east to west", () => {
  const before = defaultPlacement(["east", "west"]);
  const after = {
    east: before.east!.filter((name) => name !== "cartservice"),
    west: [...before.west!, "cartservice"],
  } satisfies Placement;
  const diff = diffPlans(planShop(before), planShop(after));

  it("is the comment that is committed", () => {
    expect(formatDiff(diff, "markdown")).toBe(readFileSync(golden, "utf8"));
  });

  it("says in a terminal what is reached no more, and why that matters", () => {
    const text = formatDiff(diff, "text").split("\n");
    expect(text[0]).toMatch(
      /^shop: \d+ changes? \(.*high.*\); \d+ objects? added, .* in east and west$/,
    );
    expect(text).toContain("high risk");
    expect(text.some((line) => line.startsWith("  - apps/Deployment/default/cartservice"))).toBe(
      true,
    );
  });
});

const nothing: MeshDiff = { before: "shop", after: "shop", changes: [], objects: [] };
const change: Change = {
  kind: "gatewayOpened",
  cluster: "west",
  service: "pay.default",
  risk: "medium",
  text: "opens",
  why: "because",
};

describe("a difference in words", () => {
  it("says so when nothing changes", () => {
    expect(formatDiff(nothing, "text")).toBe("shop: nothing changes\n");
    expect(formatDiff(nothing, "markdown")).toBe(
      "<!-- meshspan diff -->\n### shop: nothing changes\n",
    );
  });

  it("says of a mesh that it's new, or removed", () => {
    const plan = planOf(withPay({}));
    expect(formatDiff(diffPlans(undefined, plan), "markdown")).toContain("### shop: a new mesh, 7");
    expect(formatDiff(diffPlans(plan, undefined), "text")).toContain("shop: the mesh is removed, ");
  });

  it("has one row for what several clusters have in common", () => {
    const open = withPay({ consumedBy: ["east", "north", "west"], servedBy: ["east"] });
    const closed = withPay({ consumedBy: ["east"], servedBy: ["east"] });
    const text = formatDiff(diffOf(closed, open), "text");
    expect(text).toContain("pay.default in north and west: becomes reachable for front.default");
    expect(text.match(/^objects of /gm)).toHaveLength(2);
    expect(text).toContain("objects of north and west");
  });

  it("shows values that are late by what they wait for, and of long texts their size", () => {
    const late = describeMesh({}, { west: { provider: "existing" } });
    expect(formatDiff(diffOf(describeMesh(), late), "text")).toContain(
      'spec.endpoints[0].address: "203.0.113.20" → (gatewayAddress(west))',
    );
    const withCart = planMesh(parseMesh(sampleDescription));
    const { "cart.default": _, ...services } = sampleDescription.services;
    const without = planMesh(parseMesh({ ...sampleDescription, services }));
    expect(formatDiff(diffPlans(withCart, without), "text")).toMatch(
      /data\.zone: \d+ lines → \d+ lines/,
    );
  });

  it("shows nothing of what a Secret holds", () => {
    const key = "core/Secret/istio-system/cacerts";
    const changed = withChange(samplePlan, "east", key, (manifest) => {
      manifest.data["ca-key.pem"] = "c2VjcmV0";
      manifest.data.more = "c2VjcmV0";
    });
    const diff = diffPlans(samplePlan, changed);
    expect(JSON.stringify(diff)).not.toContain("c2VjcmV0");
    expect(formatDiff(diff, "text")).toContain('data["ca-key.pem"]: changed (not shown)');
    expect(formatDiff(diff, "markdown")).toContain("added (not shown)");
  });

  it("names lists' entries by their names, and says when their order changes", () => {
    const key = "apps/Deployment/istio-eastwest/istio-eastwestgateway";
    const changed = withChange(samplePlan, "east", key, ({ spec }) => {
      const [container] = spec.template.spec.containers;
      container.image = "mine";
      container.ports.reverse();
    });
    const [east] = diffPlans(samplePlan, changed).objects;
    expect(east!.changed[0]!.fields.map(({ path, change: kind }) => `${path} ${kind}`)).toEqual([
      "spec.template.spec.containers[name=istio-proxy].image changed",
      "spec.template.spec.containers[name=istio-proxy].ports changed",
    ]);
  });

  it("has colours where they are asked for, around what is safe to show", () => {
    const objects = [
      {
        cluster: "east",
        added: [{ key: "a\u001b", service: undefined }],
        removed: [{ key: "b", service: undefined }],
        changed: [{ key: "c", service: undefined, fields: [] }],
      },
    ];
    const paint = (part: string, line: string) => `<${part}>${line}</>`;
    expect(formatDiff({ ...nothing, changes: [change], objects }, "text", { paint })).toBe(
      `shop: 1 change (1 medium); 1 object added, 1 removed, 1 changed in east

<medium>medium risk</>
  pay.default in west: opens
      because

objects of east
<added>  + a\\u{1b}</>
<removed>  - b</>
<changed>  ~ c</>
`,
    );
  });

  it("can't be made to steer a terminal", () => {
    const hostile = { ...change, text: "\u001b[2Jgone\u202e\r\nfake: line\u0007" };
    const text = formatDiff({ ...nothing, changes: [hostile] }, "text");
    expect(text).toContain("\\u{1b}[2Jgone\\u{202e}\\u{d}\\u{a}fake: line\\u{7}");
    expect(/[^\P{C}\n]/u.exec(text)).toBeNull();
  });
});

describe("Markdown", () => {
  const hostile =
    "a|b`c`\n\n# d <img src=x> </details> [e](http://f) *g* _h_ @team #12 \\| & ~~i~~ $j$";

  it("shows names and values as they are, whatever is in them", () => {
    expect(escapeMarkdown(hostile)).toBe(
      "a\\|b\\`c\\` # d \\<img src=x\\> \\</details\\> \\[e\\](http:<!-- -->//f) \\*g\\* \\_h\\_ @<!-- -->team #<!-- -->12 \\\\\\| \\& \\~\\~i\\~\\~ \\$j\\$",
    );
  });

  it("keeps them in their cell, wherever they stand", () => {
    const ref = { key: hostile, service: hostile };
    const field = { path: hostile, change: "changed", before: hostile, after: "x" } as const;
    const text = formatDiff(
      {
        before: hostile,
        after: hostile,
        changes: [
          { ...change, cluster: hostile, service: hostile, text: hostile, why: hostile },
          {
            ...change,
            risk: "high",
            cluster: hostile,
            service: hostile,
            text: hostile,
            why: hostile,
          },
        ],
        objects: [
          {
            cluster: hostile,
            added: [ref],
            removed: [ref],
            changed: [{ ...ref, fields: [field] }],
          },
        ],
      },
      "markdown",
    );
    const cells = (line: string) => line.replace(/\\./g, "").split("|").length - 2;
    const rows = text.split("\n").filter((line) => line.startsWith("|"));
    expect(rows.map(cells)).toEqual([4, 4, 4, 3, 3, 3, 3, 3]);
    expect(text).not.toMatch(/@team|#12|(?<!\\)<img|[^\\]`c/);
    expect(text.match(/<\/?details>/g)).toEqual(["<details>", "</details>"]);
  });

  it("writes a name with backticks as code that holds them", () => {
    const objects = [
      { cluster: "east", added: [{ key: "a``b`", service: undefined }], removed: [], changed: [] },
    ];
    expect(formatDiff({ ...nothing, objects }, "markdown")).toContain("| ``` a``b` ``` |");
  });

  it("counts what a comment has no room for", () => {
    const changes = Array.from({ length: 3000 }, (_, index): Change => ({
      ...change,
      service: `service-${String(index).padStart(4, "0")}.default`,
    }));
    const added = Array.from({ length: 50 }, (_, index) => ({
      key: `key-${index}`,
      service: undefined,
    }));
    const objects = [{ cluster: "east", added, removed: [], changed: [] }];
    const text = formatDiff({ ...nothing, changes, objects }, "markdown");
    expect(text.length).toBeLessThanOrEqual(65_536);
    expect(text.length).toBeGreaterThan(65_000);
    const shown = text.match(/^\| medium /gm)!.length;
    expect(text).toContain(
      `Left out, since a comment has no room for it: ${3000 - shown} changes and 50 objects.`,
    );
    expect(text).toContain("</details>");
  });
});
