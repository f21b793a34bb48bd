/** Codes of a description's shape, names and addresses. */
import type { IssueCode } from "../issues";
import { type Explanation, told } from "./explanation";

export const descriptionCodes = {
  yaml_syntax: told(
    "The text is no YAML, or uses something of YAML that has no place in a description, such as a key that is there twice.",
    "Mend the line that is named. An editor that knows schema/mesh.schema.json shows such faults while you type.",
  ),
  wrong_type: told(
    "A value is of another kind than the key takes: a list in the place of a map, a text in the place of a number, or nothing.",
    "Write it as the hint says. YAML reads 2027, true and null as something else than text: put quotes around them where text is meant.",
  ),
  unknown_key: told(
    "The key isn't one that a description has at this place. It would be without effect, so it is refused.",
    "Take the key that the hint proposes, or remove it. docs/reference/description.md has all of them.",
  ),
  missing_key: told(
    "A key is missing that has no default, because a guess could be wrong in a way that nobody sees.",
    "Add it. The hint says what to write.",
  ),
  unknown_value: told(
    "The key takes one of a few words, and this isn't one of them.",
    "Take one of those that the message names.",
  ),
  conflicting_keys: told(
    "Two values say things that can't both be so, or one has no effect beside the other: a node port on a load balancer, a list of nobody, a cluster named twice.",
    "Remove one of them, as the hint says.",
  ),
  out_of_range: told(
    "A number is smaller or larger than Kubernetes, Istio or X.509 take, or a list has fewer entries than needed.",
    "Take a value of the range that the hint names.",
  ),
  not_editable: told(
    "A command that changes mesh.yaml, such as join, leave or certs rotate, found a place that it can't change without touching something else, such as a YAML alias.",
    "Make the change by hand, or write the value out at this place.",
  ),
  invalid_name: told(
    "A name isn't one that Kubernetes takes. Istio accepts some of these, such as upper case, and the API server refuses the object later.",
    "Use lower-case letters, digits and hyphens, of the length that the hint names. Keys of services are <service>.<namespace>.",
  ),
  invalid_host: told(
    "A host name or URL can't be used: it is too long for DNS (253 characters), ends in a number, or belongs to Kubernetes, Istio or the mesh itself.",
    "Choose another domain, shorten the names that it is made of, or remove the shortName that is somebody else's.",
  ),
  invalid_label: told(
    "A label or annotation has a key or value that Kubernetes refuses, or a selector is empty and would select nothing that can be told apart.",
    "Write a prefix/name of at most 63 characters after the slash; values are at most 63 characters of letters, digits, hyphens, underscores and dots.",
  ),
  invalid_duration: told(
    "A timeout or interval isn't a duration as Istio reads it.",
    'Write a number and a unit: "250ms", "1.5s", "2m", "1h".',
  ),
  invalid_locality: told(
    "A locality isn't region/zone/subzone, so Envoy couldn't tell near from far by it.",
    "Write it as on the labels topology.kubernetes.io/region and zone of the cluster's nodes.",
  ),
  invalid_trust_domain: told(
    "A trust domain isn't a DNS name, and so no part of a SPIFFE ID.",
    "Write labels of lower-case letters and digits, with dots between them, such as cluster.local.",
  ),
  invalid_ip: told(
    "An address or range can't be read, has host bits set, or is one that no peer can reach, such as 127.0.0.1.",
    "Write the address at which others reach it, or the range as the hint proposes.",
  ),
  invalid_match: told(
    "A route's match matches nothing, or isn't in the words that Envoy matches by: headers are in lower case, regular expressions in RE2's syntax.",
    "Write it as the hint says, or leave the match out for every request.",
  ),
  invalid_pool: told(
    "The pool of virtual addresses isn't an IPv4 network that can hold services.",
    "Write a network with a prefix from /4 to /30, or leave it out for 240.0.0.0/4.",
  ),
  pool_reserved: told(
    "The pool overlaps addresses that mean something else, such as multicast, so that calls would go astray or not leave the pod.",
    "Choose a range that nothing else uses; the default is one.",
  ),
  pool_exhausted: told(
    "There are more services than the pool has addresses.",
    "Choose a larger pool. Addresses follow from names and the pool, so a change of the pool moves addresses: see meshspan diff first.",
  ),
  address_outside_pool: told(
    "A pinned address isn't in the pool of virtual addresses, so nothing keeps it from being somebody else's.",
    "Pin one of the pool, or widen the pool.",
  ),
  address_reserved: told(
    "A pinned address is one that no service can have: the first or last of the pool, or one that has another meaning.",
    "Pin another one.",
  ),
  address_conflict: told(
    "Two things would have one address. Sidecars go by addresses for TCP, so one service would get the other's calls (istio/istio#32819).",
    "Pin the free address that the hint names, or choose a pool that contains no gateway's or DNS server's address.",
  ),
} as const satisfies Partial<Record<IssueCode, Explanation>>;
