import fc from "fast-check";
import {
  domainZone,
  mergeCorefile,
  mergeStubDomains,
  stubDomainBlock,
  unmergeCorefile,
} from "../../src";
import { unmergeStubDomains } from "../../src/core/stubDomains";

/** What kubeadm writes into the ConfigMap `coredns` of a new cluster. */
const kubeadmCorefile = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
`;

const corefiles: readonly (readonly [string, string])[] = [
  ["kubeadm's", kubeadmCorefile],
  ["one without a final line break", ".:53 {\n  forward . 8.8.8.8\n}"],
  ["one with Windows line breaks", ".:53 {\r\n    errors\r\n}\r\n"],
  [
    "one with snippets, imports, comments, quotes and environment variables",
    '(common) {\n  errors # }\n}\n# global:53 {\n.:53 {\n  import common\n  log "} {" {$LEVEL}\n}\nimport custom/*.server\n',
  ],
  [
    "one with several zones in a block",
    "example.org, corp.:1053 dns://cluster.local {\n  whoami\n}\n",
  ],
];

describe("merging the stub domain into a Corefile", () => {
  it.each(corefiles)("%s keeps every byte", (_what, corefile) => {
    const merged = mergeCorefile(corefile, "global", "10.96.0.53").text!;
    expect(merged.endsWith(corefile)).toBe(true);
    expect(merged).toContain(stubDomainBlock("global", "10.96.0.53"));
    expect(unmergeCorefile(merged, "global")).toBe(corefile);
  });

  it("is replaced where it stands, whatever others put before it", () => {
    const merged = mergeCorefile(kubeadmCorefile, "global", "10.96.0.53").text!;
    const moved = `# theirs\nother:53 {\n}\n${merged}`;
    const again = mergeCorefile(moved, "global", "10.96.0.53").text!;
    expect(again).toBe(moved);
    const changed = mergeCorefile(moved, "global", "10.96.0.54").text!;
    expect(changed).toBe(moved.replace("10.96.0.53", "10.96.0.54"));
    expect(unmergeCorefile(changed, "global")).toBe(`# theirs\nother:53 {\n}\n${kubeadmCorefile}`);
  });

  it.each(corefiles)("%s is merged once, however often", (_what, corefile) => {
    const once = mergeCorefile(corefile, "global", "10.96.0.53").text!;
    expect(mergeCorefile(once, "global", "10.96.0.53").text).toBe(once);
  });

  it.each(corefiles)("%s follows a new address, in the block alone", (_what, corefile) => {
    const once = mergeCorefile(corefile, "global", "10.96.0.53").text!;
    expect(mergeCorefile(once, "global", "10.0.0.7").text).toBe(
      mergeCorefile(corefile, "global", "10.0.0.7").text,
    );
  });

  it("works for several domains in one Corefile", () => {
    const both = mergeCorefile(
      mergeCorefile(kubeadmCorefile, "global", "10.0.0.1").text!,
      "mesh.example",
      "10.0.0.2",
    ).text!;
    expect(unmergeCorefile(unmergeCorefile(both, "global"), "mesh.example")).toBe(kubeadmCorefile);
  });

  it.each([
    ["global:53 {\n}\n", "dns_conflict"],
    [".:53 {\n}\nGLOBAL. {\n}\n", "dns_conflict"],
    ["dns://global.:1053 {\n}\n", "dns_conflict"],
    [".:53, global:53 {\n}\n", "dns_conflict"],
    ["", "corefile_invalid"],
    ["# nothing but a comment\n", "corefile_invalid"],
    [".:53 {\n  errors\n", "corefile_invalid"],
    [".:53 {\n}\n}\n", "corefile_invalid"],
  ])("refuses %j: %s", (corefile, code) => {
    const { text, fault } = mergeCorefile(corefile, "global", "10.0.0.1");
    expect(text).toBeUndefined();
    expect(fault?.code).toBe(code);
  });

  it("keeps every byte of any Corefile that it takes, and gives it back", () => {
    const line = fc.oneof(
      fc.constantFrom("{", "}", "errors", "# {", "\t", "}\n", '"x{"'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const corefile = `.:53 {\n${lines.join("\n")}\n}\n`;
        const { text } = mergeCorefile(corefile, "global", "10.0.0.1");
        if (text === undefined) return;
        expect(text.endsWith(corefile)).toBe(true);
        expect(unmergeCorefile(text, "global")).toBe(corefile);
        expect(mergeCorefile(text, "global", "10.0.0.1").text).toBe(text);
      }),
    );
  });
});

describe("merging the domain into kube-dns' stub domains", () => {
  it("keeps the other domains", () => {
    expect(mergeStubDomains('{"corp": ["10.1.1.1", "10.1.1.2"]}', "global", "10.0.0.1").text).toBe(
      '{"corp":["10.1.1.1","10.1.1.2"],"global":["10.0.0.1"]}',
    );
  });

  it("changes no byte when the domain is there already", () => {
    const there = '{ "global" : ["10.0.0.1"] }';
    expect(mergeStubDomains(there, "global", "10.0.0.1").text).toBe(there);
  });

  it("starts from nothing", () => {
    expect(mergeStubDomains("", "global", "10.0.0.1").text).toBe('{"global":["10.0.0.1"]}');
  });

  it.each([
    ['{"global":["10.9.9.9"]}', "dns_conflict"],
    ["[]", "stub_domains_invalid"],
    ['{"corp":"10.1.1.1"}', "stub_domains_invalid"],
    ["{", "stub_domains_invalid"],
    ["null", "stub_domains_invalid"],
  ])("refuses %s: %s", (json, code) => {
    expect(mergeStubDomains(json, "global", "10.0.0.1").fault?.code).toBe(code);
  });
});

describe("the zone of the domain", () => {
  const records = [
    { host: "b.default.global", address: "240.0.0.2" },
    { host: "a.default.global", address: "240.0.0.1" },
  ];
  const serialOf = (zone: string) => / (\d+) 7200 /.exec(zone)?.[1];

  it("has a name server, and the records in order", () => {
    expect(domainZone("global", records)).toMatch(
      /^\$ORIGIN global\.\n@ 30 IN SOA ns\.dns\.global\. hostmaster\.global\. \d+ 7200 1800 86400 30\n@ 30 IN NS ns\.dns\.global\.\na\.default\.global\. 30 IN A 240\.0\.0\.1\nb\.default\.global\. 30 IN A 240\.0\.0\.2\n$/,
    );
  });

  it("has a serial number that changes with the records and with nothing else", () => {
    const zone = domainZone("global", records);
    expect(domainZone("global", [...records].reverse())).toBe(zone);
    expect(serialOf(domainZone("global", records.slice(1)))).not.toBe(serialOf(zone));
  });
});

describe("taking a stub domain out of kube-dns' map", () => {
  it.each([
    ["", "10.96.0.53", ""],
    ['{ "acme.local": ["1.2.3.4"] }', "10.96.0.53", '{ "acme.local": ["1.2.3.4"] }'],
    [
      '{"acme.local":["1.2.3.4"],"global":["10.96.0.53"]}',
      "10.96.0.53",
      '{"acme.local":["1.2.3.4"]}',
    ],
    ['{"global":["10.96.0.53"]}', "10.96.0.53", ""],
    // Somebody else's, at another address.
    ['{"global":["10.96.0.9"]}', "10.96.0.53", '{"global":["10.96.0.9"]}'],
    ["no map", "10.96.0.53", "no map"],
  ])("%j at %s leaves %j", (json, address, left) => {
    expect(unmergeStubDomains(json, "global", address)).toBe(left);
  });
});
