/** What a stand-in needs of a client that is large: bundled, it's without the rest of that. */
export { KubeConfig } from "@kubernetes/client-node";
