/**
 * What GKE's kube-dns runs in front of its own server: dnsmasq, with a name server for each domain of the ConfigMap's
 * `stubDomains`, started again when that changes. Environment: STUB_DOMAINS, the file, and UPSTREAM, `<address>#<port>` of what
 * answers for the cluster itself.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, watchFile } from "node:fs";

const { STUB_DOMAINS: file = "", UPSTREAM: upstream = "" } = process.env;

let child: ChildProcess | undefined;

function stubDomains(): Readonly<Record<string, readonly string[]>> {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, string[]>;
  } catch {
    return {};
  }
}

function start(): void {
  const domains = Object.entries(stubDomains()).flatMap(([domain, servers]) =>
    servers.map((server) => `--server=/${domain}/${server}`),
  );
  const own = ["cluster.local", "in-addr.arpa"].map((domain) => `--server=/${domain}/${upstream}`);
  const fixed = ["--keep-in-foreground", "--no-resolv", "--no-hosts", "--pid-file=", "--user=root"];
  child = spawn("dnsmasq", [...fixed, "--cache-size=1000", ...own, ...domains], {
    stdio: "inherit",
  });
  console.log(JSON.stringify({ domains }));
}

function restart(): void {
  child?.once("exit", start);
  child?.kill();
}

process.on("SIGTERM", () => {
  child?.kill();
  process.exit();
});
start();
watchFile(file, { interval: 500 }, restart);
