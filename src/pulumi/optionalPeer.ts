/** Packages that only some components need: whoever has no kind or GKE cluster doesn't install theirs. */
import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";

interface OptionalPeers {
  readonly "@pulumi/command": typeof import("@pulumi/command");
  readonly "@pulumi/gcp": typeof import("@pulumi/gcp");
  readonly "@pulumi/tls": typeof import("@pulumi/tls");
}

const load = createRequire(__filename);

/** The package, loaded when it's first needed. @throws RunError with the command that installs it. */
export function optionalPeer<Name extends keyof OptionalPeers>(
  name: Name,
  component: string,
): OptionalPeers[Name] {
  try {
    load.resolve(name);
  } catch {
    throw new pulumi.RunError(`${component} needs the package ${name}: npm install ${name}`);
  }
  return load(name) as OptionalPeers[Name];
}
