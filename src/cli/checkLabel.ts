/** Names that come from a command line, held against the rule before anything is read or changed. */
import { isValidName, label } from "../core/names";
import { usageFailure } from "./failure";

/**
 * @param option Where the name was given, for the message
 * @throws Failure where it is no DNS label, with one that is near
 */
export function checkLabel(option: string, name: string): void {
  if (isValidName(label, name)) return;
  const mended = label.mend(name);
  throw usageFailure(
    `${option}: "${name}" is not ${label.what}`,
    `use ${label.rule}${mended === "" ? "" : ` ("${mended}")`}`,
  );
}
