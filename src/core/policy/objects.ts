/** Objects as such, whatever they are for. */
import { show } from "../issues";
import type { PlannedObject } from "../objects/manifest";
import type { ClusterRule } from "./rule";

export const objectMalformed: ClusterRule = {
  code: "object_malformed",
  severity: "error",
  scope: "cluster",
  title: "Objects are what their kinds promise",
  reason:
    "The API server refuses an object whose fields are of another type, and the other rules can't read it.",
  check: ({ malformed }) =>
    malformed.flatMap(({ object, issues }) =>
      issues.map(({ path, message, hint }) => ({
        object,
        path,
        ...(object.manifest.kind === "Secret" ? unshown : { message, hint }),
      })),
    ),
};

/** What is wrong with a secret says nothing of it. */
const unshown = {
  message: "it is of another type than a Secret has there",
  hint: "write a text, in quotes where YAML takes it for something else",
};

export const objectGivenTwice: ClusterRule = {
  code: "object_given_twice",
  severity: "warning",
  scope: "cluster",
  title: "An object is written once",
  reason:
    "Of two that differ, the one that is applied last counts, and the rules look at both. Where they are of different clusters, say so: see how files are told apart.",
  check: (cluster) => {
    const known = new Map<string, PlannedObject>();
    return cluster.index.objects.flatMap((object) => {
      const { metadata } = object.manifest;
      const isBeside = cluster.givenOf(object) === undefined;
      // Of those with a beginning of a name the API server makes as many as there are.
      if (isBeside || metadata.name === "" || "generateName" in metadata) return [];
      const before = known.get(object.key);
      if (before === undefined) {
        known.set(object.key, object);
        return [];
      }
      const [one, other] = [before, object].map((each) => cluster.givenOf(each)?.manifest);
      if (JSON.stringify(one) === JSON.stringify(other)) return [];
      return [
        {
          object,
          path: ["metadata", "name"],
          message: `${show(object.key)} was given before, with other contents`,
          hint: "keep one of the two, or name the cluster of each",
        },
      ];
    });
  },
};
