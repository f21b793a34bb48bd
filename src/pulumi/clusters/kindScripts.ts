/** What runs on the machine that has the container engine, for a cluster of `kind`. POSIX shell. */

/** Fails with what to install, in words, before anything is tried. */
const requirements = `set -eu
engine="\${KIND_EXPERIMENTAL_PROVIDER:-docker}"
need() {
  command -v "$1" >/dev/null 2>&1 && return
  echo "$1 isn't installed, or isn't on PATH: $2" >&2
  exit 127
}
need kind "install it as https://kind.sigs.k8s.io/docs/user/quick-start/#installation says, then run pulumi up again"
need "$engine" "kind runs clusters in its containers; install and start it, then run pulumi up again"
clusters="$(kind get clusters 2>/dev/null)" || {
  echo "kind can't list its clusters: is $engine running?" >&2
  exit 1
}
exists() { printf '%s\\n' "$clusters" | grep -qxF "$KIND_CLUSTER"; }
node="$KIND_CLUSTER-control-plane"
# kind writes into the kubeconfig it finds, and switches its context: not into the user's.
KUBECONFIG="$(mktemp)"; export KUBECONFIG
trap 'rm -f "$KUBECONFIG"' EXIT
`;

/** A file in the node says that creation came to its end, and whose cluster it is: the project and the stack. */
const marker = "/etc/meshspan-cluster";
const owner = `"$("$engine" exec "$node" cat ${marker} 2>/dev/null)"`;

/**
 * Makes the cluster of the configuration on standard input. One that an interrupted run finished is used; one
 * that somebody else made, or that was left half made, is never touched.
 */
export const createScript = `${requirements}
if exists; then
  if [ ${owner} = "$KIND_OWNER" ]; then
    echo "using the cluster $KIND_CLUSTER that an earlier run made"
    exit 0
  fi
  echo "there is a kind cluster $KIND_CLUSTER that wasn't made here, or wasn't finished: remove it with kind delete cluster --name $KIND_CLUSTER, or pass it as an ExistingCluster" >&2
  exit 1
fi
kind create cluster --name "$KIND_CLUSTER" --config - --wait 180s
"$engine" exec "$node" sh -c 'printf %s "$1" >${marker}' mark "$KIND_OWNER"
`;

export const deleteScript = `${requirements}
exists || exit 0
[ ${owner} = "$KIND_OWNER" ] || {
  echo "the kind cluster $KIND_CLUSTER is somebody else's by now, and stays" >&2
  exit 0
}
kind delete cluster --name "$KIND_CLUSTER"
`;

/** Prints the kubeconfig. Has credentials: its output isn't logged. */
export const kubeconfigScript = `${requirements}
kind get kubeconfig --name "$KIND_CLUSTER"
`;

/** Prints the node's address on the container network that all kind clusters of a machine share. */
export const nodeAddressScript = `${requirements}
network="\${KIND_EXPERIMENTAL_DOCKER_NETWORK:-kind}"
address="$("$engine" inspect --format "{{ (index .NetworkSettings.Networks \\"$network\\").IPAddress }}" "$node")"
if [ -z "$address" ]; then
  echo "$node has no IPv4 address on the network $network" >&2
  exit 1
fi
echo "$address"
`;
