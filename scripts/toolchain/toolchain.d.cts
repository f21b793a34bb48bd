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
  /** Its own files beside the Go module, where the package is one of this repository. */
  readonly sources?: readonly string[];
  /** Build tags. */
  readonly tags?: readonly string[];
  /** Variables that the linker sets. */
  readonly variables?: Readonly<Record<string, string>>;
  /** A file or a folder of the Go module that is copied. */
  readonly file?: string;
  /** Folder with the requirements that pin its wheel. */
  readonly wheel?: string;
  /** The file in the wheel. */
  readonly member?: string;
}

/** How Go builds components. */
export interface GoSettings {
  readonly env: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
  readonly linkerFlags: string;
}

/** What is there of a component: what was built, or a program that the user has. */
export type ComponentState =
  | { readonly state: "built" | "on PATH"; readonly version: string; readonly path: string }
  | { readonly state: "missing"; readonly version: string; readonly path: undefined };

type Environment = Readonly<Record<string, string | undefined>>;

export const components: readonly Component[];
export const goSettings: GoSettings;
export function cacheFolder(env?: Environment, isRoot?: boolean, home?: string): string;
/** @param pins Contents of the files that pin what it's made of. */
export function digestOf(
  component: Component,
  settings?: GoSettings,
  pins?: readonly string[],
): string;
export function find(name: string, env?: Environment): string | undefined;
export function isAtLeast(version: readonly number[], other: readonly number[]): boolean;
export function missing(tier: "engine" | "lab", env?: Environment): readonly string[];
export function ofTier(tier: "engine" | "lab"): readonly Component[];
export function pulumiOnPath(
  env?: Environment,
): { readonly path: string; readonly version: string } | undefined;
export function stateOf(component: Component, env?: Environment): ComponentState;
export function targetOf(component: Component, cache?: string): string;
export function versionOf(component: Component): string;
