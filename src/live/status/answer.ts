/** What a cluster answered, or why it didn't. */
import { describeFailure, isForbidden, isUnknownKind } from "../kubeClient";
import type { Verdict } from "./finding";

/** Why there is no answer. */
export interface NoAnswer {
  readonly ok: false;
  readonly reason: "forbidden" | "unknown_kind" | "failed";
  /** `list pods in default` */
  readonly what: string;
  readonly message: string;
}

export type Answer<T> = { readonly ok: true; readonly value: T } | NoAnswer;

/** The answer to a question, whatever becomes of it. @param what Verb and resource, as rights are given. */
export async function asked<T>(what: string, question: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { ok: true, value: await question() };
  } catch (error) {
    const reason = isForbidden(error)
      ? "forbidden"
      : isUnknownKind(error)
        ? "unknown_kind"
        : "failed";
    return { ok: false, reason, what, message: describeFailure(error) };
  }
}

/** What was asked and not answered, as a finding. */
export function unanswered(subject: string, { reason, what, message }: NoAnswer): Verdict {
  return reason === "forbidden"
    ? {
        state: "unknown",
        code: "permission_missing",
        subject,
        message: `the credentials may not ${what}`,
        hint: `use a kubeconfig whose user may ${what}`,
      }
    : {
        state: "unknown",
        code: "not_looked_at",
        subject,
        message: `${what}: ${message}`,
        hint: "look again when the API server answers",
      };
}
