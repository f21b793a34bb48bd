import { parse } from "yaml";
import { fileIn, meshspan, parsed, temporaryFolder } from "./run";

const folder = temporaryFolder();

const service = (name: string, port: number) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "default" },
  spec: { ports: [{ port }] },
});
const urn = "urn:pulumi:dev::shop::kubernetes:core/v1:Service::shop/east/default";
const printed = JSON.stringify({
  steps: [
    { op: "delete", urn: `${urn}/cart`, oldState: { inputs: service("cart", 80) } },
    {
      op: "update",
      urn: `${urn}/pay`,
      oldState: { inputs: service("pay", 80) },
      newState: { inputs: service("pay", 8080) },
    },
  ],
});
const file = fileIn(folder, "preview.json", printed);
const binary = fileIn(folder, "binary.json", Buffer.from([0xff, 0xfe, 0x00]));

const preview = (args: readonly string[], input?: string) =>
  meshspan(["preview", ...args], input === undefined ? {} : { input });

describe("meshspan preview", () => {
  it("reads what pulumi prints, from a file or standard input", async () => {
    const runs = await Promise.all([
      preview([file]),
      preview([], printed),
      preview(["-"], printed),
    ]);
    for (const { status, stderr, stdout } of runs) {
      expect([status, stderr]).toEqual([0, ""]);
      expect(stdout).toBe(
        "east: 1 deleted, 1 updated\n  -  core/Service/default/cart\n  ~  core/Service/default/pay\n      spec.ports[0].port: 80 → 8080\n",
      );
    }
  });

  it("prints JSON as its schema says, the same as YAML, and Markdown", async () => {
    const [json, yaml, markdown] = await Promise.all(
      ["json", "yaml", "markdown"].map((output) => preview([file, "-o", output])),
    );
    expect(parsed("preview", json!.stdout)).toMatchObject({
      clusters: [
        {
          cluster: "east",
          deleted: ["core/Service/default/cart"],
          updated: [{ fields: [{ path: "spec.ports[0].port", before: 80, after: 8080 }] }],
        },
      ],
    });
    expect(parse(yaml!.stdout)).toEqual(JSON.parse(json!.stdout));
    expect(markdown!.stdout).toMatch(/^<!-- meshspan preview -->\n/);
    expect(markdown!.stdout).toContain("- **east**: 1 deleted, 1 updated");
  });

  it("says that nothing changes", async () => {
    const { stdout } = await preview([], '{"steps": []}');
    expect(stdout).toBe("Preview: nothing changes\n");
  });

  it("takes a preview that failed for none, with what Pulumi says", async () => {
    // As Pulumi prints it for a program that throws.
    const diagnostics = [
      { message: "warning: careful\n", severity: "warning" },
      {
        message: "error: Unhandled exception: Error: \u001b[31mboom\n    at program (/a.ts:9:31)\n",
        severity: "error",
      },
      { message: "error: boom\n", severity: "error" },
      { message: "error: boom\n", severity: "error" },
    ];
    const steps = [{ op: "create", urn: "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev" }];
    const input = JSON.stringify({ steps, diagnostics });
    const [text, json, warned] = await Promise.all([
      preview([], input),
      preview(["-o", "json"], input),
      preview([], JSON.stringify({ steps, diagnostics: diagnostics.slice(0, 1) })),
    ]);
    expect([text.status, text.stdout]).toEqual([1, ""]);
    expect(text.stderr).toBe(
      "meshspan: Unhandled exception: Error: \\u{1b}[31mboom: mend it, and run pulumi preview again [preview_failed]\nmeshspan: boom: mend it, and run pulumi preview again [preview_failed]\n",
    );
    expect(parsed("errors", json.stderr).errors).toMatchObject([
      { code: "preview_failed", file: "stdin" },
      { code: "preview_failed", message: "boom" },
    ]);
    expect(warned.stdout).toContain("beside the clusters: 1 created");
  });

  it.each([
    [[], "Previewing update (dev)", 1, "file_unreadable", "stdin isn't what pulumi preview --json"],
    [[], "{}", 1, "file_unreadable", "stdin isn't what"],
    [[], "", 1, "file_unreadable", "give it all of its output"],
    [[binary], undefined, 1, "file_unreadable", "binary.json is not a text file"],
    [[folder], undefined, 1, "file_unreadable", "is a folder"],
    [[`${folder}/nope.json`], undefined, 1, "file_not_found", "there is no file"],
    [["a", "b"], undefined, 2, "usage", "too many arguments"],
  ] as const)(
    "says what is wrong with %j %j, in words and as JSON",
    async (args, input, status, code, message) => {
      const [text, json] = await Promise.all([
        preview(args, input),
        preview(["-o", "json", ...args], input),
      ]);
      expect([text.status, json.status, text.stdout, json.stdout]).toEqual([
        status,
        status,
        "",
        "",
      ]);
      expect(text.stderr).toContain(message);
      expect(text.stderr).not.toMatch(/ {4}at |undefined/);
      expect(parsed("errors", json.stderr).errors).toMatchObject([
        { code, hint: expect.stringMatching(/./) },
      ]);
    },
  );
});
