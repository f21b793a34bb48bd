/** What is asked of a description before anything is written. */
import { diffPlans, type MeshDescription, parseMesh, planMesh, tracePlan } from "../../src";
import type { Task } from "../measure";

export const tasks = {
  /** Every rule. */
  validate: (description) => Promise.resolve(() => parseMesh(description)),

  /** Of two plans that are there, with one service changed. */
  diff: (description) => {
    const [base, head] = [description, oneChanged(description)].map((one) =>
      planMesh(parseMesh(one)),
    );
    if (base === undefined || head === undefined) throw new Error("there are two");
    return Promise.resolve(() => diffPlans(base, head));
  },

  /** From every cluster to every service. */
  trace: (description) => {
    const plan = planMesh(parseMesh(description));
    return Promise.resolve(() => tracePlan(plan));
  },

  plan: (description) => {
    const mesh = parseMesh(description);
    return Promise.resolve(() => planMesh(mesh));
  },

  /** The floor: every object of every cluster once through a serializer. */
  "JSON.stringify": (description) => {
    const plan = planMesh(parseMesh(description));
    return Promise.resolve(() => {
      for (const { objects } of plan.clusters)
        for (const { manifest } of objects) JSON.stringify(manifest);
    });
  },
} as const satisfies Readonly<Record<string, Task>>;

export type CheckTask = keyof typeof tasks;

/** The same description with another port of its first service. */
function oneChanged(description: MeshDescription): MeshDescription {
  const { services = {} } = description;
  const [first] = Object.entries(services);
  if (first === undefined) throw new Error("there is no service");
  const [key, service] = first;
  const ports = [{ name: "http", port: 8080, protocol: "HTTP" as const }];
  return { ...description, services: { ...services, [key]: { ...service, ports } } };
}
