/** What a route rule matches requests by. */
import { RE2JS, RE2JSSyntaxException } from "re2js";
import type { RequestMatch, StringMatch } from "../description";
import { type IssueCollector, show } from "../issues";

/** RFC 9110, section 5.6.2: a header's name is a token; Istio wants it in lower case. */
const headerName = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** Istio: a regex match is at most 1024 characters. */
const maxRegex = 1024;

export function checkMatch(match: RequestMatch, issues: IssueCollector): void {
  const isEmpty = (part: unknown): boolean =>
    part === undefined || (typeof part === "object" && Object.keys(part ?? {}).length === 0);
  if (Object.values(match).every(isEmpty)) {
    issues.add(
      "invalid_match",
      "it matches nothing",
      "add uri, method, authority, headers or queryParams, or remove it",
    );
  }
  for (const key of ["uri", "method", "authority"] as const) checkText(match[key], issues.at(key));
  for (const [name, text] of Object.entries(match.headers ?? {})) {
    const at = issues.at("headers", name);
    if (!headerName.test(name)) {
      const near = name
        .slice(0, 60)
        .toLowerCase()
        .replace(/[^a-z0-9-]+/g, "-");
      at.add(
        "invalid_match",
        `${show(name)} is not a header's name`,
        `use lower case, such as ${show(near === "" ? "x-user" : near)}`,
      );
    }
    checkText(text, at);
  }
  for (const [name, text] of Object.entries(match.queryParams ?? {})) {
    const at = issues.at("queryParams", name);
    if (typeof text === "object" && "prefix" in text) {
      at.add(
        "invalid_match",
        "Istio matches query parameters exactly or by regex",
        `use regex: ${show(`${text.prefix}.*`)}`,
      );
    }
    checkText(text, at);
  }
}

function checkText(text: StringMatch | undefined, issues: IssueCollector): void {
  if (text === undefined || typeof text === "string" || "exact" in text) return;
  const value = "prefix" in text ? text.prefix : text.regex;
  if (value === "") issues.add("invalid_match", "it is empty", "write what to match");
  else if ("regex" in text) checkRegex(value, issues);
}

/** Envoy reads RE2, and istiod refuses what Go's reading of it refuses. */
function checkRegex(regex: string, issues: IssueCollector): void {
  if (regex.length > maxRegex) {
    issues.add(
      "invalid_match",
      `the regex has ${regex.length} characters`,
      `use at most ${maxRegex}`,
    );
    return;
  }
  try {
    RE2JS.compile(regex);
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    const part = error.getPattern() ?? regex;
    issues.add(
      "invalid_match",
      `${show(regex)} is not in RE2's syntax, which Envoy uses: ${error.getDescription()} ${show(part)}`,
      "write it without what RE2 lacks, such as look-around and back references",
    );
  }
}
