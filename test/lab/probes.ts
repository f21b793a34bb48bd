/** Probes of containers. */
import { request } from "node:http";
import { connect } from "node:net";

/** How often the lab's kubelet probes: a second, whatever the pod says, and from the start. Nothing here starts slowly. */
export const probePeriod = 1000;

/** Whether a probe of a container succeeds. */
export function probe(
  address: string,
  container: any,
  { httpGet, tcpSocket }: any,
): Promise<boolean> {
  if (httpGet !== undefined) return answers(address, container, httpGet);
  if (tcpSocket !== undefined) return accepts(address, portOf(container, tcpSocket.port));
  // The injector rewrites all others to HTTP; what has no sidecar here has none of them.
  throw new Error(`${container.name}: the lab probes by httpGet and tcpSocket only`);
}

function portOf(container: any, port: number | string): number {
  if (typeof port === "number") return port;
  const found = (container.ports ?? []).find(({ name }: any) => name === port);
  return found?.containerPort ?? Number(port);
}

function answers(address: string, container: any, get: any): Promise<boolean> {
  return new Promise((resolve) => {
    const headers = Object.fromEntries(
      (get.httpHeaders ?? []).map(({ name, value }: any) => [name, value]),
    ) as Record<string, string>;
    const sent = request(
      {
        host: get.host ?? address,
        port: portOf(container, get.port),
        path: get.path ?? "/",
        headers: { "User-Agent": "kube-probe/1.37", ...headers },
        timeout: 2000,
        agent: false,
      },
      (response) => {
        response.resume();
        resolve(response.statusCode! >= 200 && response.statusCode! < 400);
      },
    );
    sent.on("timeout", () => sent.destroy());
    sent.on("error", () => resolve(false));
    sent.end();
  });
}

function accepts(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: 2000 });
    const end = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.on("connect", () => end(true));
    socket.on("timeout", () => end(false));
    socket.on("error", () => end(false));
  });
}
