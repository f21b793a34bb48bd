/** What runs in place of a container image: images can't be pulled here, but their programs are at hand. */
import { repository } from "./repository";
import { componentPath } from "../engine/toolchain";

/** The programs of an image. */
export interface Image {
  /** Files and folders of this machine, by where they are in the container; read-only. */
  readonly files: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  /** The user of the image, where the pod says none. @default 0 */
  readonly user?: number;
}

const node = "/usr/local/bin/node";
const inContainer = "/opt/meshspan";

function program(name: string, ...args: readonly string[]): Image {
  return {
    files: { [node]: process.execPath, [inContainer]: repository },
    entrypoint: [node, `${inContainer}/out/lab/images/${name}.js`, ...args],
    user: 1000,
  };
}

function native(path: string, component: string): Image {
  return { files: { [path]: componentPath(component) }, entrypoint: [path] };
}

/** The image of that name. @throws Error for one that the lab has no programs for. */
export function imageOf(reference: string): Image {
  const name = /([^/:@]+)(?:[:@][^/]*)?$/.exec(reference)?.[1] ?? reference;
  if (reference.includes("/microservices-demo/")) return program("shop", name);
  if (reference.startsWith("lab/")) return program(name);
  switch (name) {
    case "pilot":
      return { ...native("/usr/local/bin/pilot-discovery", "istiod"), user: 1337 };
    case "proxyv2":
      return {
        files: {
          "/usr/local/bin/pilot-agent": componentPath("pilot-agent"),
          "/usr/local/bin/envoy": componentPath("envoy"),
          "/var/lib/istio/envoy/envoy_bootstrap_tmpl.json": componentPath("envoy-bootstrap"),
        },
        entrypoint: ["/usr/local/bin/pilot-agent"],
        user: 1337,
      };
    case "coredns":
      return native("/coredns", "coredns");
    case "redis":
      return { files: {}, entrypoint: ["/usr/bin/redis-server", "--protected-mode", "no"] };
    case "busybox":
      // A shell, and what this machine has of the programs that busybox is.
      return { files: {}, entrypoint: ["/bin/sh"] };
    default:
      throw new Error(`the lab has no programs for the image ${reference}: add it in images.ts`);
  }
}
