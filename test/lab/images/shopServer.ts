/** The side that is called: a gRPC server with one of the shop's services and the standard health service. */
import {
  Server,
  ServerCredentials,
  status,
  type handleUnaryCall,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { logCall, logListening, peerHeader } from "./callLog";
import {
  definitionOf,
  servers,
  type MethodName,
  type RequestOf,
  type ResponseOf,
  type ServiceName,
} from "./shopApi";
import type { Running } from "./workload";

/** The methods of a service. */
export type Handlers<S extends ServiceName> = {
  readonly [M in MethodName<S>]: (
    request: RequestOf<S, M>,
  ) => ResponseOf<S, M> | Promise<ResponseOf<S, M>>;
};

/** An answer that is none, with gRPC's name for what's wrong. */
export class Refusal extends Error {
  constructor(
    readonly code: keyof typeof status,
    message: string,
  ) {
    super(message);
  }
}

/** Serves on the environment's PORT, or else on the port that upstream's image has. */
export async function serve<S extends ServiceName>(
  service: S,
  handlers: Handlers<S>,
): Promise<Running> {
  const { workload, port } = servers[service];
  const server = new Server();
  server.addService(
    definitionOf(service),
    Object.fromEntries(
      Object.entries<Handler>(handlers).map(([method, handler]) => [
        method,
        answering(workload, method, handler),
      ]),
    ) as UntypedServiceImplementation,
  );
  const health = new HealthImplementation({
    "": "SERVING",
    [`hipstershop.${service}`]: "SERVING",
  });
  health.addToServer(server);
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(
      `0.0.0.0:${process.env.PORT ?? port}`,
      ServerCredentials.createInsecure(),
      (error, number) => (error === null ? resolve(number) : reject(error)),
    ),
  );
  logListening(workload, bound);
  return {
    stop: () =>
      new Promise((resolve) => {
        health.setStatus("", "NOT_SERVING");
        server.tryShutdown(() => resolve());
      }),
  };
}

type Handler = (request: never) => unknown;

/** Calls of probes aren't written down; there would be little else. */
function answering(
  service: string,
  method: string,
  handler: Handler,
): handleUnaryCall<never, unknown> {
  return (call, callback) => {
    const caller = call.metadata.get(peerHeader).map(String).join(",");
    const line = {
      side: "server" as const,
      service,
      method,
      ...(caller === "" ? {} : { peer: caller }),
    };
    Promise.resolve(call.request)
      .then(handler)
      .then(
        (response) => {
          logCall({ ...line, ok: true });
          callback(null, response);
        },
        (error: unknown) => {
          const details = error instanceof Error ? error.message : String(error);
          logCall({ ...line, ok: false, error: details });
          // Proxies try again what was UNAVAILABLE; an order that failed halfway isn't tried again.
          const code = error instanceof Refusal ? status[error.code] : status.INTERNAL;
          callback({ code, details });
        },
      );
  };
}
