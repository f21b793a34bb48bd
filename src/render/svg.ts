/** DOT to SVG, by Graphviz compiled to WebAssembly: no program has to be installed. */
import type { Graphviz } from "@hpcc-js/wasm-graphviz";

let loading: Promise<Graphviz> | undefined;

function loadGraphviz(): Promise<Graphviz> {
  loading ??= import("@hpcc-js/wasm-graphviz").then((module) => module.Graphviz.load());
  return loading;
}

/**
 * A graph in the DOT language as a picture for documents and pages: an `<svg>` element with the
 * graph's name as its title. The same text gives the same bytes, with no version in them. Graphviz
 * (an ES module) is loaded when the first picture is drawn.
 * @throws Error with Graphviz's message when the text isn't DOT.
 */
export async function renderSvg(dot: string): Promise<string> {
  const graphviz = await loadGraphviz();
  const drawn = graphviz.layout(dot, "svg", "dot");
  // What is shown has "<" and ">" escaped, so that these are true comments and elements.
  const element = drawn.slice(drawn.indexOf("<svg")).replace(/<!--[\s\S]*?-->\n?/g, "");
  const [, title = "graph"] = /<title>([^<]*)<\/title>/.exec(element) ?? [];
  return element
    .replace(/^<svg ([^>]*)>/, (_, attributes: string) =>
      [`<svg role="img" ${attributes}>`, `<title>${title}</title>`].join("\n"),
    )
    .replaceAll(
      'font-family="Arial"',
      'font-family="Arial, Helvetica, Liberation Sans, sans-serif"',
    );
}
