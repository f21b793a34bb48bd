/** A plan as files, files on disk, and a topology as a picture. */
export { digestOf } from "./digest";
export { type RenderedFile, renderPlan } from "./renderPlan";
export { renderSvg } from "./svg";
export { type Files, writeFiles, type WriteOptions, type WriteResult } from "./writeFiles";
