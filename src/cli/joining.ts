/** A gateway that joins: what was asked for, what was found out, and what became of it. */
import type { GatewayPlace } from "./gatewayAddress";
import type { JoinFindings } from "./joinProbe";
import type { JoinTrust } from "./joinTrust";
import type { MeshChange } from "./meshChange";
import type { Output } from "./options";

/** What was asked for. */
export interface JoinRequest {
  readonly file: string;
  readonly place: GatewayPlace;
  readonly cluster?: string;
  /** Keys of services that it has to serve; empty for all that it exports. */
  readonly serves: readonly string[];
  readonly consumerOnly?: boolean;
  readonly network?: string;
  readonly locality?: string;
  readonly certs: string;
  readonly rootCert?: string;
  /** Seconds. */
  readonly timeout: number;
  readonly dryRun?: boolean;
  readonly output: Output;
}

/** What was found out before anything is changed. */
export interface Probed {
  readonly trust?: JoinTrust;
  readonly findings?: JoinFindings;
}

/** What became of it. */
export interface Joined {
  readonly cluster: string;
  readonly state: "added" | "already there" | "would be added";
  readonly change: MeshChange;
}
