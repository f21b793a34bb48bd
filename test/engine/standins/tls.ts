/** Stand-in for Pulumi's TLS provider: real keys and certificates, kept in the state alone. */
import { differences, replacedBy, type Change, type PathElement } from "./differences";
import { Failure, serve, type StandIn } from "./service";
import {
  certificateRequest,
  isReadyForRenewal,
  locallySigned,
  selfSigned,
  type Certificate,
} from "./tlsCertificates";
import { describeKey, makeKey } from "./tlsKeys";
import { unknown, type Properties } from "./values";

interface Kind {
  readonly make: (inputs: Properties) => Certificate | Promise<Certificate>;
  /** Outputs that only making it tells. */
  readonly computed: readonly string[];
  readonly expires: boolean;
}

const certificateOutputs = ["certPem", "validityStartTime", "validityEndTime"];

const kinds: Record<string, Kind> = {
  "tls:index/privateKey:PrivateKey": {
    make: (inputs) => {
      const { id, outputs } = describeKey(makeKey(inputs));
      const { ecdsaCurve = "P224", rsaBits = 2048 } = inputs;
      return { id, outputs: { ecdsaCurve, rsaBits, ...outputs } };
    },
    computed: [
      "privateKeyOpenssh",
      "privateKeyPem",
      "privateKeyPemPkcs8",
      "publicKeyFingerprintMd5",
      "publicKeyFingerprintSha256",
      "publicKeyOpenssh",
      "publicKeyPem",
    ],
    expires: false,
  },
  "tls:index/certRequest:CertRequest": {
    make: certificateRequest,
    computed: ["certRequestPem", "keyAlgorithm"],
    expires: false,
  },
  "tls:index/selfSignedCert:SelfSignedCert": {
    make: selfSigned,
    computed: [...certificateOutputs, "keyAlgorithm"],
    expires: true,
  },
  "tls:index/locallySignedCert:LocallySignedCert": {
    make: locallySigned,
    computed: [...certificateOutputs, "caKeyAlgorithm"],
    expires: true,
  },
};

function kindOf(type: string): Kind {
  const kind = kinds[type];
  if (kind === undefined) throw new Failure(`the stand-in for tls has no ${type}`, "no such type");
  return kind;
}

const tls: StandIn = {
  plugin: "tls",
  version: "5.6.1",
  diff({ type }, old, inputs) {
    const changed = differences(old.inputs, inputs);
    const replacing = changed
      .map(({ path }) => path)
      .filter(([key]): boolean => key !== "earlyRenewalHours")
      .map((path): PathElement[] => [...path]);
    const changes: Change[] = replacedBy(changed, replacing);
    if (kindOf(type).expires && isReadyForRenewal(old.outputs, inputs.earlyRenewalHours))
      changes.push({ path: ["readyForRenewal"], kind: "update", replace: true });
    return { changes };
  },
  async create({ type, preview }, inputs) {
    const kind = kindOf(type);
    if (preview) {
      const computed = Object.fromEntries(kind.computed.map((name) => [name, unknown]));
      return { id: "", outputs: { ...inputs, ...computed } };
    }
    const { id, outputs } = await kind.make(inputs);
    return { id, outputs: { ...inputs, ...outputs } };
  },
  update: (_call, old, inputs) => ({ ...old.outputs, ...inputs }),
  delete: () => undefined,
  read({ type }, old) {
    if (!kindOf(type).expires) return old;
    const readyForRenewal = isReadyForRenewal(old.outputs, old.outputs.earlyRenewalHours);
    return { ...old, outputs: { ...old.outputs, readyForRenewal } };
  },
};

if (require.main === module) void serve(tls);
