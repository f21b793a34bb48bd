/** The side that calls: one channel per service, a deadline per call, a line in the log for each. */
import { Client, credentials, Metadata, status, type ChannelOptions } from "@grpc/grpc-js";
import { logCall } from "./callLog";
import {
  definitionOf,
  servers,
  type MethodName,
  type RequestOf,
  type ResponseOf,
  type ServiceName,
} from "./shopApi";
import { environment } from "./workload";

/** A peer that comes up late, moves or vanishes is found again within about a second. */
const channelOptions: ChannelOptions = {
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1_000,
  // 30 seconds by default, in which a peer's new address isn't asked for.
  "grpc.dns_min_time_between_resolutions_ms": 500,
  "grpc.keepalive_time_ms": 2_000,
  "grpc.keepalive_timeout_ms": 2_000,
  // Nobody configures a service through TXT records here.
  "grpc.service_config_disable_resolution": 1,
  "grpc.enable_http_proxy": 0,
};

/** No answer, or a refusal. */
export class CallFailure extends Error {
  constructor(
    /** The workload that was called. */
    readonly service: string,
    readonly method: string,
    /** `<host>:<port>` that was called. */
    readonly target: string,
    /** gRPC's name for what went wrong: `UNAVAILABLE`. */
    readonly code: string,
    readonly reason: string,
  ) {
    super(`${service}.${method} at ${target}: ${code}: ${reason}`);
  }
}

/** Calls to the services that a workload depends on. */
export class ShopClient<Services extends ServiceName> {
  readonly #channels = new Map<ServiceName, { target: string; client: Client }>();

  /**
   * Connections are made when they're first needed.
   * @throws Error when the environment doesn't say where a service is
   */
  constructor(...services: Services[]) {
    for (const service of services) {
      const target = environment(servers[service].address);
      const client = new Client(target, credentials.createInsecure(), channelOptions);
      this.#channels.set(service, { target, client });
    }
  }

  /** @throws CallFailure */
  async call<S extends Services, M extends MethodName<S>>(
    service: S,
    method: M,
    request: RequestOf<S, M>,
  ): Promise<ResponseOf<S, M>> {
    const { workload } = servers[service];
    try {
      const response = await this.#request(service, method, request);
      logCall({ side: "client", service: workload, method, ok: true });
      return response;
    } catch (error) {
      if (error instanceof CallFailure)
        logCall({ side: "client", service: workload, method, ok: false, error: error.message });
      throw error;
    }
  }

  #request<S extends Services, M extends MethodName<S>>(
    service: S,
    method: M,
    request: RequestOf<S, M>,
  ): Promise<ResponseOf<S, M>> {
    const { workload, patience } = servers[service];
    const channel = this.#channels.get(service);
    const definition = definitionOf(service)[method];
    if (channel === undefined || definition === undefined)
      throw new Error(`there is no ${service}.${method} to call`);
    return new Promise((resolve, reject) => {
      channel.client.makeUnaryRequest<RequestOf<S, M>, ResponseOf<S, M>>(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize as (bytes: Buffer) => ResponseOf<S, M>,
        request,
        new Metadata(),
        { deadline: Date.now() + patience },
        (error, response) => {
          if (error === null && response !== undefined) {
            resolve(response);
            return;
          }
          const code = status[error?.code ?? status.UNKNOWN];
          const reason = error?.details ?? "no answer";
          reject(new CallFailure(workload, method, channel.target, code, reason));
        },
      );
    });
  }

  close(): void {
    for (const { client } of this.#channels.values()) client.close();
  }
}
