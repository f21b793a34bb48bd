/** What the command line's own codes mean. */
import { type Explanation, told } from "../core/explain/explanation";
import type { CliCode } from "./failure";

export const cliExplanations: Readonly<Record<CliCode, Explanation>> = {
  usage: told(
    "The command line can't be followed: an unknown option, a missing argument, or two that exclude each other.",
    "See the command's --help, which ends with examples.",
  ),
  unknown_name: told(
    "A cluster, service or revision is named that isn't there.",
    "Take the name that the hint proposes.",
  ),
  file_not_found: told(
    "There is no such file.",
    "Name another with --file, or write a description with meshspan init.",
  ),
  file_unreadable: told(
    "The file can't be read, or isn't UTF-8 text.",
    "Mend its permissions, or name another.",
  ),
  file_exists: told(
    "A file is there already, and stays as it is.",
    "Name another, or replace it with --force.",
  ),
  file_locked: told(
    "Another command is changing the same file, or has changed it meanwhile.",
    "Run the command again when the other one is done.",
  ),
  certificate_expires_soon: told(
    "A certificate ends soon: a warning from 60 days on, an error from 7.",
    "Intermediates: meshspan certs renew. A root: meshspan certs rotate.",
  ),
  cluster_not_reached: told(
    "No context of the kubeconfig leads to a cluster that the command needs.",
    "Name it: --context east=<context>, or --kubeconfig east=<file>.",
  ),
  rotation_waits: told(
    "The next stage isn't safe yet: a proxy hasn't reached the one before.",
    "Apply the stage, restart the pods that are named, and run the command again.",
  ),
  preview_failed: told(
    "pulumi preview itself reports errors, so what would change isn't known.",
    "Mend what it says, and run it again.",
  ),
  gateway_unreachable: told(
    "The gateway that is to join doesn't take connections, doesn't answer, or doesn't speak TLS. Nothing is changed.",
    "Check address, port and firewall, and that its pods are ready.",
  ),
  gateway_exports_nothing: told(
    "The gateway hangs up on every server name of the mesh, so no peer would dial it.",
    "Check that it exports the services' hosts and that their pods are ready, or add the cluster with --consumer-only.",
  ),
  gateway_root: told(
    "The cluster's certificates are below another root: no call would be accepted.",
    "Give it a CA below the mesh's root before it joins.",
  ),
  gateway_certificate: told(
    "What a pod behind the gateway presents can't be used, for its time or its chain.",
    "Set the clocks right, or renew the certificate.",
  ),
  gateway_identity: told(
    "Pods behind the gateway answer as other identities than callers accept.",
    "Have them run as the ServiceAccount of the description, in one trust domain.",
  ),
  gateway_clock: told(
    "The cluster's clock is too far from this machine's, and certificates go by clocks.",
    "Set both right.",
  ),
  gateway_refuses: told(
    "What is behind the gateway refuses a certificate of the mesh.",
    "Check that the cluster trusts the mesh's root and its trust domains.",
  ),
  cluster_refuses: told(
    "An API server refuses an object, or the right to apply it. It was asked before anything was changed.",
    "Mend what the message says, then run the command again.",
  ),
  cluster_needed: told(
    "A cluster that is to leave is needed: it alone serves a service, or runs a version of one, or is a hub.",
    "Serve it elsewhere first, or take the service out with --with-services; take a version out of the description with the routes that lead to it.",
  ),
  interrupted: told(
    "The command was interrupted. Files are whole, old or new.",
    "Run it again: it goes on where it was.",
  ),
  system_error: told(
    "The system refused something: permissions, disk, network.",
    "The message is the system's own. Where it seems a fault of Meshspan, report it.",
  ),
};
