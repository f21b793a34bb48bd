/** Whether a proxy says that it is ready, for a gateway that exports nothing and so has no listener. */
import { get } from "node:http";

/** Port and path of the proxy's own answer, which load balancers ask for (Istio: "Ports used by Istio"). */
const health = { port: 15021, path: "/healthz/ready" } as const;

/** What came back. */
export type Readiness =
  | { readonly ok: true; readonly port: number }
  | { readonly ok: false; readonly port: number; readonly detail: string };

/** Asks a gateway's proxy whether it is ready. Never throws. */
export function probeReadiness(host: string, timeoutMs = 5000): Promise<Readiness> {
  const { port, path } = health;
  return new Promise((resolve) => {
    const fail = (detail: string) => resolve({ ok: false, port, detail });
    const asked = get({ host, port, path, timeout: timeoutMs, agent: false }, (answer) => {
      answer.resume();
      if (answer.statusCode === 200) resolve({ ok: true, port });
      else fail(`it answers ${answer.statusCode ?? "nothing"}`);
    });
    asked.on("timeout", () => asked.destroy(new Error(`no answer in ${timeoutMs} ms`)));
    asked.on("error", (error: NodeJS.ErrnoException) => fail(error.message || (error.code ?? "")));
  });
}
