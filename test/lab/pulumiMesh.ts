/** A mesh that the real Pulumi engine puts into the lab's clusters, Istio and all. */
import type { MeshDescription, Plan } from "../../src";
import { ExistingCluster, Mesh } from "../../src/pulumi";
import { type Run, TestStack } from "../engine/stack";
import type { MeshInput } from "./cdk8sMesh";
import { helmTools, labValues } from "./helm";
import type { Lab } from "./lab";

/** What the program makes a mesh of. */
export interface PulumiInput extends MeshInput {
  /** Whether objects that are there are taken over. @default false */
  readonly adopt?: boolean;
  /** Whether Istio is there already. @default false: its charts are installed */
  readonly hasIstio?: boolean;
}

export class PulumiMesh {
  readonly stack: TestStack;
  #input: PulumiInput;
  #plan: Plan | undefined;

  private constructor(stack: TestStack, input: PulumiInput) {
    this.stack = stack;
    this.#input = input;
  }

  /** A stack whose program is one mesh on the lab's clusters; nothing is done yet. */
  static async create(lab: Lab, input: PulumiInput): Promise<PulumiMesh> {
    const program = () => {
      const { description, workloads = {}, adopt = false, hasIstio = false } = mesh.#input;
      const clusters = Object.fromEntries(
        Object.keys(description.clusters).map((name) => {
          const { kubeconfig } = lab.cluster(name);
          return [name, new ExistingCluster(name, { kubeconfig, adopt })];
        }),
      );
      const istio = hasIstio ? { install: false } : { values: labValues };
      const { plan } = new Mesh(description.name, { description, workloads, clusters, istio });
      mesh.#plan = plan;
      return Promise.resolve();
    };
    const env = { MESHSPAN_STANDIN_HELM: JSON.stringify(helmTools()) };
    const mesh = new PulumiMesh(await TestStack.create(program, env), input);
    return mesh;
  }

  /** What the program of the last run planned. */
  get plan(): Plan {
    if (this.#plan === undefined) throw new Error("nothing ran yet");
    return this.#plan;
  }

  /** `pulumi up`. @throws Error with what the engine says when that fails */
  async up(input: PulumiInput = this.#input): Promise<Run> {
    this.#input = input;
    return succeeded(await this.stack.up());
  }

  async destroy(): Promise<Run> {
    return succeeded(await this.stack.destroy());
  }

  remove(): void {
    this.stack.remove();
  }
}

function succeeded(run: Run): Run {
  if (run.error !== undefined) throw new Error(`${run.error}\n${run.output}`);
  return run;
}

/** The same description with the gateways' addresses unknown: they're read where load balancers have them. */
export function withoutAddresses(description: MeshDescription): MeshDescription {
  return {
    ...description,
    clusters: Object.fromEntries(
      Object.entries(description.clusters).map(([name, cluster]) => {
        const { address: _, ...gateway } = (cluster.gateway ?? {}) as { address?: string };
        return [name, { ...cluster, gateway }];
      }),
    ),
  };
}
