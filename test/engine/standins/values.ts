/** Values as the engine sends them: structs that may hold unknowns (in a preview) and wrapped secrets (in a configuration). */
import { Struct } from "google-protobuf/google/protobuf/struct_pb";

/** A resource's properties, or any other object of a call. */
export type Properties = Record<string, any>;

/** What the protocol sends for a value that isn't known yet (of the SDK's runtime/rpc). */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** The struct as an object, without nulls and with secrets unwrapped. */
export function fromStruct(struct: Struct | undefined): Properties {
  return struct === undefined ? {} : (unwrapped(struct.toJavaScript()) as Properties);
}

/** The object as a struct; what is undefined is left out. */
export function toStruct(properties: Properties): Struct {
  return Struct.fromJavaScript(JSON.parse(JSON.stringify(properties)));
}

function unwrapped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrapped);
  if (typeof value !== "object" || value === null) return value;
  const entries = value as Properties;
  if (entries[signatureKey] === secretSignature) return unwrapped(entries.value);
  return Object.fromEntries(
    Object.entries(entries)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, unwrapped(inner)]),
  );
}

/** Whether the value, or one inside it, isn't known yet. */
export function hasUnknown(value: unknown): boolean {
  if (typeof value === "string") return value === unknown;
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(hasUnknown);
}
