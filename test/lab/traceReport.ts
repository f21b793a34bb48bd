/** What was asked and what came of it, as tables. */
import Table from "cli-table3";
import { hopKinds } from "../../src";
import type { Outcome, Settlement } from "./traceCalls";
import type { PlacedChange } from "./traceChanges";
import type { Way } from "./traceEvidence";
import type { Expectations } from "./traceExpectations";

interface Row {
  changes: number;
  requests: number;
  agreed: number;
}

const harmless = "none: still works";

export class TraceReport {
  readonly #placements: number;
  #calls = 0;
  #summary = "";
  #controls = 0;
  #undecided = 0;
  readonly #rows = new Map<string, Row>(
    [...hopKinds, harmless].map((kind) => [kind, { changes: 0, requests: 0, agreed: 0 }]),
  );

  constructor(placements: number) {
    this.#placements = placements;
  }

  /** Of the plan as it is. */
  planned(calls: number, outcomes: readonly Outcome[], ways: readonly Way[]): void {
    this.#calls += calls;
    const answered = outcomes.filter(({ answeredBy }) => answeredBy !== undefined).length;
    const crossing = ways.filter(({ crosses }) => crosses).length;
    this.#summary = `of ${outcomes.length} requests ${answered} work, ${crossing} of them through a gateway, and ${outcomes.length - answered} fail, as traced`;
  }

  /** Of changes that were applied together and then undone. */
  changed(
    round: readonly PlacedChange[],
    said: Expectations,
    after: Settlement,
    again: Settlement,
  ): void {
    this.#calls += after.calls + again.calls;
    const questions = new Set(round.flatMap(({ inQuestion }) => inQuestion));
    for (const { request, answeredBy } of after.outcomes) {
      if (said.get(request.id)?.verdict === "undecided") this.#undecided++;
      else if (answeredBy !== undefined && !questions.has(request.id)) this.#controls++;
    }
    for (const { hop, inQuestion } of round) {
      const row = this.#rows.get(hop ?? harmless)!;
      row.changes++;
      row.requests += inQuestion.length;
      row.agreed += inQuestion.filter((id) =>
        after.outcomes
          .filter(({ request }) => request.id === id)
          .every(({ answeredBy }) => (answeredBy === undefined) === (hop !== undefined)),
      ).length;
    }
  }

  toString(): string {
    const table = new Table({
      head: ["missing hop", "changes", "requests", "as traced"],
      style: { head: [], border: [] },
    });
    for (const [kind, { changes, requests, agreed }] of this.#rows)
      table.push([kind, changes, requests, agreed]);
    return [
      `${this.#placements} placements on one mesh, ${this.#calls} calls: ${this.#summary}`,
      table.toString(),
      `beside them ${this.#controls} calls worked; ${this.#undecided} were ones that a trace leaves open`,
    ].join("\n");
  }
}
