/** Executable of each line of Node that the package is for; `undefined` where it isn't there. */
export function nodes(): readonly { readonly line: string; readonly path: string | undefined }[];
