/** What keys of a description are made of: zod types, with what each means for readers and for editors. */
import { z } from "zod";
import type { NameRule } from "./names";

/** Istio's durations: Go's notation without signs and units below 1 ms. */
export const durationPattern = "^(?:[0-9]+(?:\\.[0-9]+)?(?:ms|s|m|h))+$";

/** What a key means, and the value that stands for it where it is left out, for readers and for editors. */
export const about = (description: string, value?: string | number | boolean) =>
  value === undefined
    ? { description }
    : { description: `${description} Default: ${value}.`.trimStart(), default: value };

export const named = (rule: NameRule, description: string, value?: string) =>
  z.string().meta({
    ...about(description, value),
    pattern: rule.pattern.source,
    maxLength: rule.maxLength,
  });
export const text = (description: string, value?: string) =>
  z.string().meta(about(description, value));
export const port = (description: string, value?: number) =>
  z.number().meta({ ...about(description, value), type: "integer", minimum: 1, maximum: 65535 });
export const count = (description: string, minimum = 0, value?: number) =>
  z.number().meta({ ...about(description, value), type: "integer", minimum });
export const duration = (description: string, value?: string) =>
  z.string().meta({ ...about(description, value), pattern: durationPattern });
export const labels = (description: string) =>
  z.record(z.string(), z.string()).meta({ description });
