/** Late values as Outputs: what a cluster or a certificate is known by once it is there. */
import * as pulumi from "@pulumi/pulumi";
import { type Late, type LateInput, lateInputKey, mapLate } from "../core/late";

/** Where a component finds late inputs. */
export type LateSource = (input: LateInput) => pulumi.Input<string>;

/** For objects that have no late values. @throws Error: a fault of this library. */
export const nothingLate: LateSource = (input) => {
  throw new Error(`${lateInputKey(input)} has no source`);
};

/** For objects that need gateways' addresses and nothing else. */
export function fromGatewayAddresses(
  addresses: Readonly<Record<string, pulumi.Input<string>>>,
): LateSource {
  return (input) =>
    (input.kind === "gatewayAddress" ? addresses[input.cluster] : undefined) ?? nothingLate(input);
}

/** The value in Pulumi's terms: late parts become Outputs, everything else stays plain. */
export function toInputs<T>(value: T, source: LateSource): T {
  return mapLate(value, (late) => toOutput(late, source)) as T;
}

function toOutput(late: Late, source: LateSource): pulumi.Output<string> {
  const { inputs } = late;
  return pulumi.all(inputs.map(source)).apply((values) => {
    const known = new Map(inputs.map((input, index) => [lateInputKey(input), values[index]]));
    return late.resolve((input) => {
      const value = known.get(lateInputKey(input));
      if (value === undefined) throw new Error(`${lateInputKey(input)} has no value`);
      return value;
    });
  });
}
