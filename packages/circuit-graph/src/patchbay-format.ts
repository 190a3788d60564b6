/** Our own document out of JSON: everything that the rest of the package relies on is checked here, once. */
import { PatchbayError } from "@patchbay/vocabulary";
import {
  CIRCUIT_GRAPH_FORMAT,
  CIRCUIT_GRAPH_VERSION,
  type CircuitGraph,
  type CircuitNode,
  type JsonObject,
  NODE_KINDS,
} from "./circuit-graph.ts";
import { isJsonObject, kindOfJson, member } from "./json.ts";

export function looksLikePatchbayGraph(json: unknown): json is JsonObject {
  return isJsonObject(json) && member(json, "format") === CIRCUIT_GRAPH_FORMAT;
}

/** @throws PatchbayError `damaged-file` with the place and what was expected there; `not-finite` for such a weight. */
export function readPatchbayGraph(json: unknown): CircuitGraph {
  if (!looksLikePatchbayGraph(json)) throw damaged("", `a document whose "format" is "${CIRCUIT_GRAPH_FORMAT}"`, json);
  if (json.version !== CIRCUIT_GRAPH_VERSION) throw damaged("version", String(CIRCUIT_GRAPH_VERSION), json.version);
  for (const name of ["title", "slug", "prompt"]) check(json, name, "a text", isText);
  check(json, "model", "name, hash and number of layers", isModel);
  check(json, "tokens", "a list of { id, text }", isListOf(isToken));
  check(json, "dictionaries", "a list of { name, hash }", isListOf(isDictionary));
  check(json, "origin", "an object or null", (value) => value === null || isJsonObject(value));
  check(json, "scores", "replacement and completeness, or null", isScores);
  checkNodes(json.nodes);
  checkEdges(json.edges, Array.isArray(json.nodes) ? json.nodes.length : 0);
  checkView(json.view);
  check(json, "foreign", "the remainder of a foreign file, or null", isRemainder);
  // Every member has been looked at above; the compiler cannot follow.
  return json as unknown as CircuitGraph;
}

type Test = (value: unknown) => boolean;

const isText: Test = (value) => typeof value === "string";
const isTextOrNull: Test = (value) => value === null || typeof value === "string";
const isNumber: Test = (value) => typeof value === "number" && Number.isFinite(value);
const isNumberOrNull: Test = (value) => value === null || isNumber(value);
const isCount: Test = (value) => Number.isSafeInteger(value) && Number(value) >= 0;

const isListOf =
  (test: Test): Test =>
  (value) =>
    Array.isArray(value) && value.every(test);

/** An object whose named members pass. */
const has =
  (tests: Readonly<Record<string, Test>>): Test =>
  (value) =>
    isJsonObject(value) && Object.entries(tests).every(([name, test]) => test(member(value, name)));

const isRecordOf =
  (test: Test): Test =>
  (value) =>
    isJsonObject(value) && Object.values(value).every(test);

const isModel = has({ name: isTextOrNull, hash: isTextOrNull, layers: isCount });
const isToken = has({ id: isNumberOrNull, text: isText });
const isDictionary = has({ name: isText, hash: isTextOrNull });
const isScores: Test = (value) =>
  value === null || has({ replacement: isNumberOrNull, completeness: isNumberOrNull })(value);
const isRemainders = has({
  shapes: isListOf(isListOf(isText)),
  shape: (value) => value === null || isListOf(isNumber)(value),
  values: isRecordOf(isJsonObject),
});
const isRemainder: Test = (value) =>
  value === null ||
  has({ order: isListOf(isText), members: isJsonObject, nodes: isRemainders, links: isRemainders })(value);

const NODE_TESTS: Readonly<Record<Exclude<keyof CircuitNode, "isTarget">, readonly [string, Test]>> = {
  id: ["a text", isText],
  kind: [`one of ${NODE_KINDS.join(", ")}`, (value) => NODE_KINDS.some((kind) => kind === value)],
  layer: ["a whole number", (value) => Number.isSafeInteger(value)],
  position: ["a whole number", (value) => Number.isSafeInteger(value)],
  dictionary: ["a text or null", isTextOrNull],
  unit: ["a number or null", isNumberOrNull],
  tokenId: ["a number or null", isNumberOrNull],
  probability: ["a number or null", isNumberOrNull],
  label: ["a text", isText],
  activation: ["a number or null", isNumberOrNull],
  preActivation: ["a number or null", isNumberOrNull],
  bias: ["a number or null", isNumberOrNull],
  inputSum: ["a number or null", isNumberOrNull],
  influence: ["a number or null", isNumberOrNull],
};

function checkNodes(nodes: unknown): void {
  if (!Array.isArray(nodes)) throw damaged("nodes", "a list", nodes);
  const ids = new Set<unknown>();
  nodes.forEach((node: unknown, place) => {
    if (!isJsonObject(node)) throw damaged(`nodes/${place}`, "an object", node);
    for (const [name, [expected, test]] of Object.entries(NODE_TESTS)) {
      if (!test(member(node, name))) throw damaged(`nodes/${place}/${name}`, expected, member(node, name));
    }
    const isTarget = member(node, "isTarget");
    if (isTarget !== undefined && typeof isTarget !== "boolean")
      throw damaged(`nodes/${place}/isTarget`, "true or false", isTarget);
    if (ids.has(node.id)) throw damaged(`nodes/${place}/id`, "an id that no other node has", node.id);
    ids.add(node.id);
  });
}

function checkEdges(edges: unknown, nodeCount: number): void {
  if (!isJsonObject(edges)) throw damaged("edges", "source, target and weight", edges);
  const isPlace: Test = (value) => isCount(value) && Number(value) < nodeCount;
  const count = Array.isArray(edges.source) ? edges.source.length : -1;
  const column = (name: string, expected: string, test: Test) => {
    const values = member(edges, name);
    if (!Array.isArray(values)) throw damaged(`edges/${name}`, "a list", values);
    if (values.length !== count) throw damaged(`edges/${name}`, `${count} values, as many as sources`, values);
    const wrong = values.findIndex((value) => !test(value));
    if (wrong >= 0) throw damaged(`edges/${name}/${wrong}`, expected, values[wrong], name === "weight");
  };
  column("source", `a node's place, 0 to ${nodeCount - 1}`, isPlace);
  column("target", `a node's place, 0 to ${nodeCount - 1}`, isPlace);
  column("weight", "a finite number", isNumber);
  if (member(edges, "factor") !== undefined) column("factor", "a finite number or null", isNumberOrNull);
}

function checkView(view: unknown): void {
  if (!isJsonObject(view)) throw damaged("view", "an object", view);
  const place = (name: string, expected: string, test: Test) => check(view, name, expected, test, "view/");
  place("pins", "a list of node ids", isListOf(isText));
  place(
    "supernodes",
    "a list of { id, label, nodes }",
    isListOf(has({ id: isText, label: isText, nodes: isListOf(isText) })),
  );
  place("labels", "texts by node id", isRecordOf(isText));
  place("thresholds", "node and edge, numbers or null", has({ node: isNumberOrNull, edge: isNumberOrNull }));
  place("positions", "{ x, y } by id", isRecordOf(has({ x: isNumber, y: isNumber })));
  place("clicked", "a node id or null", isTextOrNull);
}

function check(object: JsonObject, name: string, expected: string, test: Test, above = ""): void {
  if (!test(member(object, name))) throw damaged(`${above}${name}`, expected, member(object, name));
}

function damaged(at: string, expected: string, received: unknown, isWeight = false): PatchbayError {
  const shown =
    typeof received === "string" || typeof received === "number" ? JSON.stringify(received) : kindOfJson(received);
  const place = at === "" ? "This" : `"${at}" of this graph`;
  return new PatchbayError(isWeight ? "not-finite" : "damaged-file", `${place} is not what it should be.`, {
    expected,
    received: at === "" ? kindOfJson(received) : shown,
    ...(at === "" ? {} : { at }),
  });
}
