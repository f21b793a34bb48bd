/** A plan as files, files on disk, and a topology as a picture. */
export { type RenderedFile, renderPlan } from "./renderPlan";
export { renderSvg } from "./svg";
export { writeFiles, type WriteResult } from "./writeFiles";
