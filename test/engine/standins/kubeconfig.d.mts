export { KubeConfig } from "@kubernetes/client-node";
