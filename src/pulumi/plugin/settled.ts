import * as pulumi from "@pulumi/pulumi";

/** How an Output came to its end. The SDK's own server of providers asks like that, and its declarations leave it out. */
interface Settled {
  /** Whether all of it is known. */
  readonly isKnown: Promise<boolean>;
  /** @throws Error of what the value would have come from */
  promise(): Promise<unknown>;
}

/** The end of a value that may be, or have in it, Outputs. */
export function settled(value: unknown): Settled {
  return pulumi.output(value);
}
