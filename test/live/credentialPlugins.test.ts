import { endingPlugins } from "../../src/live/credentialPlugins";

/** What a program that a kubeconfig names makes of a request. */
async function headersBy(script: string, seconds?: number) {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1",
    command: "sh",
    args: ["-c", script],
  };
  config.loadFromOptions({
    clusters: [{ name: "c", server: "https://127.0.0.1:1" }],
    users: [{ name: "u", exec }],
    contexts: [{ name: "x", cluster: "c", user: "u" }],
    currentContext: "x",
  });
  endingPlugins(config, seconds);
  const options: { headers?: Record<string, string> } = {};
  await config.applyToHTTPSOptions(options);
  return options.headers;
}

const credential = JSON.stringify({ status: { token: "t" } });

describe("a credential plugin", () => {
  it("tells credentials", async () => {
    expect(await headersBy(`echo '${credential}'`)).toEqual({ Authorization: "Bearer t" });
  });

  it("says why it has none, where it asks somebody who isn't there", async () => {
    const asking = "read password || { echo 'no password' >&2; exit 1; }";
    await expect(headersBy(asking)).rejects.toThrow("no password");
  });

  it("ends in time, with what it has started", async () => {
    const started = performance.now();
    await expect(headersBy("sleep 20; true", 0.5)).rejects.toThrow(
      "the credential plugin sh told no credentials in 0.5 s",
    );
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
