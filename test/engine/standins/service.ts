/** Provider protocol: what every stand-in needs around its own logic, and a life that ends with the engine's. */
import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import * as engineProto from "@pulumi/pulumi/proto/engine_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { differences, pathText, type Change, type Difference } from "./differences";
import { record, type Operation } from "./operations";
import { fromStruct, toStruct, type Properties } from "./values";

/** What may take a while. */
export type Eventually<T> = T | Promise<T>;

/** What every call about a resource says. */
export interface Call {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** Seconds given by customTimeouts, else 0. */
  readonly timeout: number;
  readonly preview: boolean;
  /** Aborted when the user interrupts the engine. */
  readonly signal: AbortSignal;
  /** A line for the user, at level info. */
  readonly log: (message: string) => Promise<void>;
}

/** A resource as the state has it. */
export interface Existing {
  readonly id: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
}

export interface StandIn {
  readonly plugin: string;
  readonly version: string;
  configure?(config: Properties): void;
  /** What a change of the provider's configuration does; without, it's taken over in place. */
  diffConfig?(olds: Properties, news: Properties): Eventually<Difference>;
  check?(call: Pick<Call, "type" | "name">, inputs: Properties): Eventually<Properties>;
  diff(call: Pick<Call, "type" | "name">, old: Existing, inputs: Properties): Difference;
  create(call: Call, inputs: Properties): Eventually<{ id: string; outputs: Properties }>;
  update(call: Call, old: Existing, inputs: Properties): Eventually<Properties>;
  delete(call: Call, old: Existing): Eventually<void>;
  /** The resource as it is now, or nothing when it's gone; without, the state is believed. */
  read?(call: Call, old: Existing): Eventually<Existing | undefined>;
}

/** A failure whose summary may be written down: it holds no value of a property. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly summary: string,
  ) {
    super(message);
  }
}

/** The resource was made or changed, and isn't what it should be: the engine keeps it, and tries to update it next time. */
export class InitFailure extends Failure {
  constructor(
    message: string,
    readonly existing: { id: string; outputs: Properties; inputs?: Properties },
    readonly reasons: string[],
  ) {
    super(message, "failed to initialize");
  }
}

/** Serves the stand-in on a free port, which it prints, until the engine ends. */
export async function serve(standIn: StandIn): Promise<void> {
  const engineAddress = process.argv.slice(2).findLast((argument) => !argument.startsWith("-"));
  const unlimited = {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  };
  const engine =
    engineAddress === undefined
      ? undefined
      : new EngineClient(engineAddress, grpc.credentials.createInsecure(), unlimited);
  const server = new grpc.Server(unlimited);
  server.addService(ResourceProviderService, methods(standIn, logger(engine)));
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  process.stdout.write(`${port}\n`);
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(0);
  }, 250).unref();
}

type Logger = (urn: string, message: string) => Promise<void>;

function logger(engine: EngineClient | undefined): Logger {
  return (urn, message) =>
    new Promise((resolve) => {
      if (engine === undefined) {
        resolve();
        return;
      }
      const request = new engineProto.LogRequest();
      request.setSeverity(engineProto.LogSeverity.INFO);
      request.setMessage(message);
      request.setUrn(urn);
      // As the real providers do: shown while the operation runs, and in the events.
      request.setEphemeral(true);
      engine.log(request, () => resolve());
    });
}

function methods(standIn: StandIn, log: Logger): grpc.UntypedServiceImplementation {
  const cancellation = new AbortController();

  const callOf = (request: {
    getUrn(): string;
    getType(): string;
    getName(): string;
    getTimeout(): number;
    getPreview?(): boolean;
  }): Call => ({
    urn: request.getUrn(),
    type: request.getType(),
    name: request.getName(),
    timeout: request.getTimeout(),
    preview: request.getPreview?.() ?? false,
    signal: cancellation.signal,
    log: (message) => log(request.getUrn(), message),
  });

  /** Does it, and writes down that it was done, or that it failed. */
  const recorded = async <T>(
    operation: Operation["operation"],
    call: Call,
    work: () => Eventually<T>,
    idOf: (result: T) => string,
  ): Promise<T> => {
    if (call.preview) return await work();
    const { urn, type } = call;
    const common = { plugin: standIn.plugin, operation, urn, type };
    try {
      const result = await work();
      record({ ...common, id: idOf(result), phase: "done", performed: true });
      return result;
    } catch (error) {
      const id = error instanceof InitFailure ? error.existing.id : "";
      const message = error instanceof Failure ? error.summary : "unexpected error";
      record({ ...common, id, phase: "failed", message, performed: id !== "" });
      throw error;
    }
  };

  return {
    getPluginInfo: answering(() => {
      const response = new PluginInfo();
      response.setVersion(standIn.version);
      return response;
    }),
    checkConfig: answering((request: proto.CheckRequest) => {
      const response = new proto.CheckResponse();
      response.setInputs(request.getNews());
      return response;
    }),
    diffConfig: answering(async (request: proto.DiffRequest) => {
      const olds = fromStruct(request.getOldInputs() ?? request.getOlds());
      const news = fromStruct(request.getNews());
      return diffResponse(
        (await standIn.diffConfig?.(olds, news)) ?? { changes: differences(olds, news) },
      );
    }),
    configure: answering((request: proto.ConfigureRequest) => {
      standIn.configure?.(fromStruct(request.getArgs()));
      const response = new proto.ConfigureResponse();
      response.setSupportspreview(true);
      // The engine unwraps secrets, and marks outputs as secret whose inputs of the same path were.
      response.setAcceptsecrets(false);
      return response;
    }),
    check: answering(async (request: proto.CheckRequest) => {
      const news = fromStruct(request.getNews());
      const response = new proto.CheckResponse();
      const about = { type: request.getType(), name: request.getName() };
      response.setInputs(toStruct((await standIn.check?.(about, news)) ?? news));
      return response;
    }),
    diff: answering((request: proto.DiffRequest) => {
      const old = {
        id: request.getId(),
        inputs: fromStruct(request.getOldInputs()),
        outputs: fromStruct(request.getOlds()),
      };
      const about = { type: request.getType(), name: request.getName() };
      return diffResponse(standIn.diff(about, old, fromStruct(request.getNews())));
    }),
    create: answering(async (request: proto.CreateRequest) => {
      const call = callOf(request);
      const inputs = fromStruct(request.getProperties());
      const made = await recorded(
        "create",
        call,
        () => standIn.create(call, inputs),
        (result) => result.id,
      );
      const response = new proto.CreateResponse();
      response.setId(call.preview ? "" : made.id);
      response.setProperties(toStruct(made.outputs));
      return response;
    }),
    update: answering(async (request: proto.UpdateRequest) => {
      const call = callOf(request);
      const old = {
        id: request.getId(),
        inputs: fromStruct(request.getOldInputs()),
        outputs: fromStruct(request.getOlds()),
      };
      const inputs = fromStruct(request.getNews());
      const outputs = await recorded(
        "update",
        call,
        () => standIn.update(call, old, inputs),
        () => old.id,
      );
      const response = new proto.UpdateResponse();
      response.setProperties(toStruct(outputs));
      return response;
    }),
    delete: answering(async (request: proto.DeleteRequest) => {
      const call = callOf(request);
      const old = {
        id: request.getId(),
        inputs: fromStruct(request.getOldInputs()),
        outputs: fromStruct(request.getProperties()),
      };
      await recorded(
        "delete",
        call,
        () => standIn.delete(call, old),
        () => old.id,
      );
      return new Empty();
    }),
    read: answering(async (request: proto.ReadRequest) => {
      const call = callOf(request);
      const old = {
        id: request.getId(),
        inputs: fromStruct(request.getInputs()),
        outputs: fromStruct(request.getProperties()),
      };
      const now = await recorded(
        "read",
        call,
        () => (standIn.read === undefined ? old : standIn.read(call, old)),
        () => old.id,
      );
      const response = new proto.ReadResponse();
      if (now === undefined) return response;
      response.setId(now.id);
      response.setInputs(toStruct(now.inputs));
      response.setProperties(toStruct(now.outputs));
      return response;
    }),
    cancel: answering(() => {
      cancellation.abort();
      return new Empty();
    }),
  };
}

function answering<Request, Response>(
  work: (request: Request) => Eventually<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve(call.request)
      .then(work)
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(serviceError(error)),
      );
  };
}

function diffResponse({ changes, deleteBeforeReplace }: Difference): proto.DiffResponse {
  const response = new proto.DiffResponse();
  const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;
  response.setChanges(changes.length === 0 ? DIFF_NONE : DIFF_SOME);
  response.setHasdetaileddiff(true);
  response.setDeletebeforereplace(deleteBeforeReplace ?? false);
  response.setDiffsList([...new Set(changes.map(({ path }) => String(path[0])))]);
  response.setReplacesList(
    changes.filter(({ replace }) => replace === true).map(({ path }) => pathText(path)),
  );
  for (const change of changes) {
    const property = new proto.PropertyDiff();
    property.setKind(kindOf(change));
    property.setInputdiff(true);
    response.getDetaileddiffMap().set(pathText(change.path), property);
  }
  return response;
}

function kindOf({ kind, replace }: Change): proto.PropertyDiff.Kind {
  const { Kind } = proto.PropertyDiff;
  switch (kind) {
    case "add":
      return replace === true ? Kind.ADD_REPLACE : Kind.ADD;
    case "delete":
      return replace === true ? Kind.DELETE_REPLACE : Kind.DELETE;
    case "update":
      return replace === true ? Kind.UPDATE_REPLACE : Kind.UPDATE;
  }
}

/** The error as gRPC carries it; with the half-made resource in its details, as the engine's Go client expects. */
function serviceError(error: unknown): Partial<grpc.ServiceError> {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof InitFailure)) return { code: grpc.status.UNKNOWN, details: message };
  const detail = new proto.ErrorResourceInitFailed();
  detail.setId(error.existing.id);
  detail.setProperties(toStruct(error.existing.outputs));
  if (error.existing.inputs !== undefined) detail.setInputs(toStruct(error.existing.inputs));
  detail.setReasonsList(error.reasons);
  const packed = new Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new Status();
  status.setCode(grpc.status.UNKNOWN);
  status.setMessage(message);
  status.addDetails(packed);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return { code: grpc.status.UNKNOWN, details: message, metadata };
}
