/** The command line over hostile input: what it prints steers no terminal and spoofs no comment, and what it reads has bounds. */
import { openSync, closeSync, ftruncateSync } from "node:fs";
import { join } from "node:path";
import { statusReport } from "../../src/cli/statusReport";
import type { StatusData } from "../../src/cli/statusSchema";
import { fileIn, gitOpsMesh, meshspan, parsed, temporaryFolder } from "./run";

const folder = temporaryFolder();
const steering = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u;
const spoof = "x\u001b[2J\nok, no findings\u202e | b |\n| --- |\n<img src=x> @everyone";

test("texts and Markdown of findings in hostile manifests", async () => {
  const manifest = JSON.stringify({
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata: { name: spoof, namespace: "default" },
    spec: {
      selector: { istio: "eastwest" },
      servers: [
        {
          port: { number: 15443, name: "tls", protocol: "TLS" },
          tls: { mode: "AUTO_PASSTHROUGH" },
          hosts: ["*"],
        },
      ],
    },
  });
  const file = fileIn(folder, "gateway.json", manifest);
  const runs = await Promise.all(
    ["text", "markdown", "json"].map((output) =>
      meshspan(["validate", "--files", file, "--output", output]),
    ),
  );
  const [text, markdown, json = ""] = runs.map(({ stdout }) => stdout);
  expect(text).not.toMatch(steering);
  expect(text).not.toMatch(/^ok, no findings/m);
  expect(markdown).not.toMatch(steering);
  expect(markdown).not.toMatch(/^\| --- \|$/m);
  expect(markdown).not.toMatch(/(?<!\\)<img|@everyone/);
  expect(parsed("validate-files", json).findings[0].object).toContain(spoof);
});

test("words on the command line, and names of files", async () => {
  const runs = await Promise.all([
    meshspan(["validate", spoof]),
    meshspan(["trace", "--file", gitOpsMesh, spoof, spoof]),
    meshspan([spoof]),
    meshspan(["render", gitOpsMesh, "--cluster", spoof]),
  ]);
  for (const { status, stdout, stderr } of runs) {
    expect(status).toBeGreaterThan(0);
    expect(stdout + stderr).not.toMatch(steering);
  }
  expect(runs[0].stdout).toContain("meshspan init 'x");
});

test("files of any size, and devices that never end, are refused before they fill the memory", async () => {
  const large = join(folder, "large.yaml");
  const descriptor = openSync(large, "w");
  ftruncateSync(descriptor, 50_000_000);
  closeSync(descriptor);
  const env = { NODE_OPTIONS: "--max-old-space-size=512" };
  const zeros = "\u0000".repeat(50);
  const [description, manifests, endless, piped] = await Promise.all([
    meshspan(["validate", large], { env }),
    meshspan(["validate", "--files", large], { env }),
    meshspan(["validate", "/dev/zero"], { env }),
    meshspan(["validate", "-"], { env, input: zeros.repeat(1_400_000) }),
  ]);
  expect(description.stdout).toContain("the text has more than 16 MB");
  expect(manifests.stdout + manifests.stderr).toContain("more than 32 MB");
  for (const run of [endless, piped]) expect(run.stdout).toContain("more than 64 MB");
  for (const { status } of [description, manifests, endless, piped])
    expect([1, 3]).toContain(status);
});

test("what a live cluster says, which its own users may write", () => {
  const data: StatusData = {
    mesh: "shop",
    ok: false,
    clusters: [{ name: "east", context: "east", server: "https://east", counts: counts() }],
    counts: counts(),
    findings: [
      {
        cluster: "east",
        check: "gateway",
        state: "error",
        code: "gateway_not_ready",
        subject: "apps/Deployment/istio-eastwest/gw",
        message: `its pod waits: ${spoof}`,
        hint: spoof,
        fix: `kubectl describe '${spoof}'`,
      },
    ],
  };
  const report = statusReport(data, { fixHints: true });
  for (const text of [report.text(), report.markdown!()]) {
    expect(text).not.toMatch(steering);
    expect(text).not.toMatch(/^ok, no findings|^\| --- \|$/m);
  }
});

function counts() {
  return { ok: 0, warning: 0, error: 1, unknown: 0, consequence: 0 };
}
