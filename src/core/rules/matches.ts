/** What a route rule matches requests by. */
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

/**
 * Envoy reads RE2, which is what JavaScript reads save for look-around, back references and possessive
 * groups, which RE2 has not, and for flags in the middle and `(?P<name>…)`, which only RE2 has.
 */
function checkRegex(regex: string, issues: IssueCollector): void {
  if (regex.length > maxRegex) {
    issues.add(
      "invalid_match",
      `the regex has ${regex.length} characters`,
      `use at most ${maxRegex}`,
    );
    return;
  }
  // Escaped punctuation stands for itself; as a number it can't be mistaken for syntax.
  const unescaped = regex.replace(
    /\\([^A-Za-z0-9])/g,
    (_, sign: string) => `\\x${(sign.charCodeAt(0) % 256).toString(16).padStart(2, "0")}`,
  );
  const unsupported = /\(\?(?:<?[=!]|>)|\\[1-9]|\\k/.exec(unescaped);
  if (unsupported !== null) {
    issues.add(
      "invalid_match",
      `${show(unsupported[0])} is not in RE2's syntax, which Envoy uses`,
      "write it without look-around and back references",
    );
    return;
  }
  try {
    new RegExp(
      unescaped
        .replaceAll("(?P<", "(?<")
        .replace(/\(\?[imsU-]+\)/g, "")
        .replace(/\(\?[imsU-]+:/g, "(?:"),
    );
  } catch {
    issues.add(
      "invalid_match",
      `${show(regex)} is not a regular expression`,
      "write it in RE2's syntax",
    );
  }
}
