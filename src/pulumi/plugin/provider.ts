/** The components as a plugin package, for programs in other languages. */
import * as pulumi from "@pulumi/pulumi";
import { MeshError } from "../../core/issues";
import { version } from "../../version";
import { inputPropertiesError } from "../inputErrors";
import { makeComponent } from "./components";
import { componentNameOf, componentSpecs } from "./componentSpecs";
import { packageSchema } from "./schema";
import { packageName } from "./spec";

/** Makes components that a program in another language asks for. */
export const provider: pulumi.provider.Provider = {
  version,
  getSchema: () => Promise.resolve(JSON.stringify(packageSchema(version))),
  /** @throws InputPropertiesError with every fault, as in a program in TypeScript. */
  async construct(name, type, inputs, options) {
    const component = componentNameOf(type);
    if (component === undefined)
      throw new pulumi.RunError(
        `there is no component ${type}: ${packageName} has ${Object.keys(componentSpecs).join(", ")}`,
      );
    try {
      return await makeComponent(component, name, inputs, options);
    } catch (error) {
      if (error instanceof MeshError) throw inputPropertiesError(name, error.issues);
      throw error;
    }
  },
};
