/** Faults of a description as Pulumi shows them: one `InputPropertiesError` with every property path. */
import { inspect } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { formatIssue, formatPath, type Issue, MeshError, type PathSegment } from "../core/issues";
import { counted } from "../core/words";

/**
 * The error of all these faults. Uncaught, Pulumi prints its message and no stack: where a program went
 * wrong says nothing about a description that is faulty.
 * @param at Where the faulty value stands in the component's arguments.
 */
export function inputPropertiesError(
  component: string,
  issues: readonly Issue[],
  at: readonly PathSegment[] = [],
): pulumi.InputPropertiesError {
  const found = issues.map((issue) => ({ ...issue, path: [...at, ...issue.path] }));
  const message = [
    `${component} has ${counted(found.length, "fault")}:`,
    ...found.map((issue) => `  ${formatIssue(issue)}`),
  ].join("\n");
  const errors = found.map(({ path, message: what, hint }) => ({
    propertyPath: formatPath(path),
    reason: `${what}: ${hint}`,
  }));
  const error = new pulumi.InputPropertiesError({ message, errors });
  // Pulumi prints an uncaught error as Node's inspect shows it.
  return Object.defineProperty(error, inspect.custom, { value: () => message });
}

/** What `make` gives; faults that it throws become one error of the component. */
export function withInputErrors<T>(
  component: string,
  make: () => T,
  at: readonly PathSegment[] = [],
): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof MeshError) throw inputPropertiesError(component, error.issues, at);
    throw error;
  }
}
