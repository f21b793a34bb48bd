/**
 * Names of fields that the Kubernetes client has words of its own for. Its models call a NetworkPolicy's `from` `_from`, and
 * leave out whatever they don't know when an object is sent: without `from`, a rule admits everybody.
 */

type Fields = Readonly<Record<string, unknown>>;

/** An object as the client sends it whole. */
export function toClientNames<T extends object>(object: T): T {
  return renamed(object, "from", "_from");
}

/** An object that the client read, as API servers and manifests write it. */
export function fromClientNames<T extends object>(object: T): T {
  return renamed(object, "_from", "from");
}

function renamed<T extends object>(object: T, name: string, other: string): T {
  const { kind, apiVersion, spec } = object as Fields & { readonly spec?: Fields };
  const isPolicy = kind === "NetworkPolicy" && String(apiVersion).startsWith("networking.k8s.io/");
  if (!isPolicy || !Array.isArray(spec?.ingress)) return object;
  const ingress = (spec.ingress as readonly Fields[]).map((rule) => {
    const { [name]: value, ...rest } = rule;
    return value === undefined ? rule : { ...rest, [other]: value };
  });
  return { ...object, spec: { ...spec, ingress } };
}
