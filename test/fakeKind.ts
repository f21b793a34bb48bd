/**
 * Programs named `kind` and `docker` that remember clusters in a folder: containers can't be run everywhere. They
 * understand what our scripts say and nothing else, so that a word of another meaning fails.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const kind = `#!/bin/sh
set -eu
state="$FAKE_KIND"
case "$1 $2" in
"get clusters") ls "$state/clusters" ;;
"create cluster")
  [ "$3 $5 $6 $7 $8" = "--name --config - --wait 180s" ] || { echo "fake kind: $*" >&2; exit 64; }
  [ -n "$KUBECONFIG" ] && [ -f "$KUBECONFIG" ]
  mkdir "$state/clusters/$4"
  cat >"$state/clusters/$4/config"
  echo "create $4" >>"$state/calls"
  ;;
"delete cluster")
  rm -r "$state/clusters/$4"
  echo "delete $4" >>"$state/calls"
  ;;
"get kubeconfig") [ -d "$state/clusters/$4" ] && cat "$state/kubeconfigs/$4" ;;
*) echo "fake kind: $*" >&2; exit 64 ;;
esac
`;

const docker = `#!/bin/sh
set -eu
state="$FAKE_KIND"
case "$1" in
exec)
  cluster="$state/clusters/\${2%-control-plane}"
  case "$3" in
  cat) cat "$cluster/marker" ;;
  sh) printf %s "$7" >"$cluster/marker" ;;
  *) exit 64 ;;
  esac
  ;;
inspect)
  [ "$3" = '{{ (index .NetworkSettings.Networks "kind").IPAddress }}' ] || { echo "fake docker: $*" >&2; exit 64; }
  cat "$state/addresses/\${4%-control-plane}"
  ;;
*) exit 64 ;;
esac
`;

export interface FakeKind {
  /** For PATH. */
  readonly bin: string;
  readonly env: { readonly FAKE_KIND: string };
  /** What `kind get kubeconfig` prints, and the node's address. */
  describe(cluster: string, kubeconfig: string, address: string): void;
  clusters(): readonly string[];
  /** `create shop-east`, `delete shop-east`, in order. */
  calls(): readonly string[];
  configOf(cluster: string): string;
  /** A cluster of somebody else's. */
  addForeign(cluster: string): void;
}

export function fakeKind(folder: string): FakeKind {
  const bin = join(folder, "bin");
  const state = join(folder, "state");
  for (const path of [bin, ...["clusters", "kubeconfigs", "addresses"].map((n) => join(state, n))])
    mkdirSync(path, { recursive: true });
  writeFileSync(join(bin, "kind"), kind, { mode: 0o755 });
  writeFileSync(join(bin, "docker"), docker, { mode: 0o755 });
  return {
    bin,
    env: { FAKE_KIND: state },
    describe(cluster, kubeconfig, address) {
      writeFileSync(join(state, "kubeconfigs", cluster), kubeconfig);
      writeFileSync(join(state, "addresses", cluster), `${address}\n`);
    },
    clusters: () => readdirSync(join(state, "clusters")),
    calls: () =>
      existsSync(join(state, "calls"))
        ? readFileSync(join(state, "calls"), "utf8").trim().split("\n")
        : [],
    configOf: (cluster) => readFileSync(join(state, "clusters", cluster, "config"), "utf8"),
    addForeign: (cluster) => mkdirSync(join(state, "clusters", cluster)),
  };
}
