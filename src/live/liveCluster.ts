/** A cluster that runs, as a client sees it. */
import type { Duplex } from "node:stream";
import type { KubeConfig, KubernetesObject, KubernetesObjectApi } from "@kubernetes/client-node";
import type { Manifest } from "../core/objects/manifest";
import { fromClientNames, toClientNames } from "./clientNames";
import {
  clientOf,
  givingUp,
  isExpired,
  isNotFound,
  isUnknownKind,
  whenFree,
  within,
} from "./kubeClient";
import { forwardPort, type PodPort } from "./portForward";

/** Seconds in which an API server has to say that it's there. */
const patience = 8;

/** Which objects of a kind are listed. */
export interface ListOptions {
  /** @default all */
  readonly namespace?: string;
  /** They have all of these. @default any */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Objects in one answer; the rest is asked for after it. */
const pageSize = 500;

export class LiveCluster {
  /** In the mesh. */
  readonly name: string;
  /** In the kubeconfig. */
  readonly context: string;
  /** URL of its API server. */
  readonly server: string;
  /** Has credentials; its current context is this cluster's. */
  readonly config: KubeConfig;
  #objects: Promise<KubernetesObjectApi> | undefined;

  constructor(name: string, context: string, server: string, config: KubeConfig) {
    this.name = name;
    this.context = context;
    this.server = server;
    this.config = config;
  }

  /** For objects of every kind. */
  objects(): Promise<KubernetesObjectApi> {
    return (this.#objects ??= clientOf(this.config));
  }

  /**
   * Kubernetes' version: the first thing to ask, since it takes no rights but to be known.
   * @throws Error when the server doesn't answer soon, or refuses the credentials.
   */
  async version(): Promise<string> {
    const { VersionApi } = await import("@kubernetes/client-node");
    const config = givingUp(this.config, patience);
    const { gitVersion } = await within(config.makeApiClient(VersionApi).getCode(), patience);
    return gitVersion;
  }

  /**
   * Every object of a kind that is selected.
   * @throws Error with the server's answer, also where it doesn't know the kind (`isUnknownKind`).
   */
  async list<T extends KubernetesObject>(
    apiVersion: string,
    kind: string,
    options: ListOptions = {},
  ): Promise<readonly T[]> {
    try {
      return await this.#pages<T>(apiVersion, kind, options, pageSize);
    } catch (error) {
      if (!isExpired(error)) throw error;
      // What was read belongs to a state that the server has no more: all at once, as client-go does it.
      return this.#pages<T>(apiVersion, kind, options, undefined);
    }
  }

  async #pages<T extends KubernetesObject>(
    apiVersion: string,
    kind: string,
    { namespace, labels = {} }: ListOptions,
    limit: number | undefined,
  ): Promise<readonly T[]> {
    const api = await this.objects();
    const selector = Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(",");
    const found: T[] = [];
    let next: string | undefined;
    do {
      const page = await answered(() =>
        api.list<T>(
          ...([apiVersion, kind, namespace, undefined, undefined, undefined, undefined] as const),
          ...([selector === "" ? undefined : selector, limit, next] as const),
        ),
      );
      // Lists don't say of each what it is.
      found.push(...page.items.map((item) => fromClientNames({ ...item, apiVersion, kind })));
      next = page.metadata?._continue;
    } while (next !== undefined && next !== "");
    return found;
  }

  /** The object of that kind and name; `undefined` where there is none, or no such kind. */
  async find<T extends KubernetesObject>(manifest: Manifest): Promise<T | undefined> {
    const api = await this.objects();
    const { apiVersion, kind, metadata } = manifest;
    const { name, namespace = "" } = metadata;
    try {
      const found = await answered(() =>
        api.read({ apiVersion, kind, metadata: { name, namespace } }),
      );
      return fromClientNames({ ...found, apiVersion, kind } as T);
    } catch (error) {
      if (isNotFound(error) || isUnknownKind(error)) return undefined;
      throw error;
    }
  }

  /**
   * Applies an object server-side, as that manager of fields; what it is then.
   * @param force Whether fields that others manage with another value are taken over.
   * @throws Error where the server refuses, and for such a field that isn't to be taken over.
   */
  async apply(manifest: Manifest, fieldManager: string, force = false): Promise<KubernetesObject> {
    const { PatchStrategy } = await import("@kubernetes/client-node");
    const api = await this.objects();
    const how = [fieldManager, force, PatchStrategy.ServerSideApply] as const;
    return fromClientNames(
      await answered(() => api.patch(sent(manifest), undefined, undefined, ...how)),
    );
  }

  /** What the object would be after a server-side apply, by default one that takes fields over; nothing is changed. */
  async dryRunApply(
    manifest: Manifest,
    fieldManager: string,
    force = true,
  ): Promise<KubernetesObject> {
    const { PatchStrategy } = await import("@kubernetes/client-node");
    const api = await this.objects();
    const how = [fieldManager, force, PatchStrategy.ServerSideApply] as const;
    return fromClientNames(
      await answered(() => api.patch(sent(manifest), undefined, "All", ...how)),
    );
  }

  /** Deletes an object, and what it owns after it; nothing where there is none. */
  async delete({ apiVersion, kind, metadata }: Manifest): Promise<void> {
    const api = await this.objects();
    const { name, namespace = "" } = metadata;
    const header = { apiVersion, kind, metadata: { name, namespace } };
    try {
      await answered(() => api.delete(structuredClone(header) as KubernetesObject));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /**
   * A connection to a port of a pod, through the API server: also to what listens on the pod's loopback alone.
   * @throws Error when it can't be made; one that breaks later is an error of the stream.
   */
  forward(target: PodPort): Promise<Duplex> {
    return forwardPort(this.config, target);
  }
}

/** Every request may be made twice: what is applied is as it was, and what is deleted is gone. */
function answered<T>(ask: () => Promise<T>): Promise<T> {
  return within(whenFree(ask));
}

/** The client changes what it's given. */
function sent(manifest: Manifest): KubernetesObject {
  return structuredClone(toClientNames(manifest));
}
