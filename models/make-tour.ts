/**
 * Makes the findings that ship with the bundled model again, from their questions: every number is computed by a running server.
 *
 *     npm start                                        (in another terminal)
 *     npx tsx models/make-tour.ts
 *
 * Set PATCHBAY_URL if the server does not run at the default address. A finding that comes out the same keeps its date. How the
 * behaviours were found and tested on many prompts stands in notebooks/{names,pronouns,quotation-marks}.ipynb.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { CircuitGraphDocument, GraphNodeReference, Snapshot, SnapshotRequest } from "@patchbay/contract";
import { createClient } from "@patchbay/contract/client";
import {
  circuitQuestion,
  circuitRequest,
  circuitsPath,
  FIRST_CIRCUITS_VIEW,
  FIRST_SWEEPS_VIEW,
  sweepRequest,
  sweepsPath,
} from "@patchbay/workbench-state";

const SERVER = process.env["PATCHBAY_URL"] ?? "http://127.0.0.1:7330";
const MODEL = "stories-15m";
const FOLDER = path.join(path.dirname(fileURLToPath(import.meta.url)), MODEL, "findings");
/** Shipped files are read at each start. */
const LARGEST_FILE = 400_000;
const client = createClient({ baseUrl: SERVER });

interface Example {
  readonly prompt: string;
  readonly token: string;
  readonly minus: string;
}

interface GraphFinding extends Example {
  readonly file: string;
  readonly title: string;
  readonly note: string;
  /** Cumulative influence up to which nodes are drawn at first. */
  readonly shown: number;
  /** Names of supernodes, and ids of the nodes in each: layer_feature_position. The first is pinned and has the name. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** Supernodes that are removed from the model, and whether attention may answer. */
  readonly removed: readonly (readonly [group: string, attention: "freeze" | "recompute"])[];
  /** Prompts over which heads are replaced by their mean. */
  readonly heads: readonly Example[];
}

/** Every pair in every sentence, in both orders; `{0}` acts, `{1}` is the answer. */
function namePrompts(sentences: readonly string[], couples: readonly (readonly [string, string])[]): Example[] {
  const token = (name: string) => (name === "Lily" ? " L" : ` ${name}`);
  return sentences.flatMap((sentence) =>
    couples.flatMap(([a, b]) =>
      [[a, b] as const, [b, a] as const].map(([giver, other]) => ({
        prompt: sentence.replaceAll("{0}", giver).replaceAll("{1}", other),
        token: token(other),
        minus: token(giver),
      })),
    ),
  );
}

function pronounPrompts(sentences: readonly string[], couples: readonly (readonly [string, string])[]): Example[] {
  return sentences.flatMap((sentence) =>
    couples.flatMap(([she, he]) => [
      { prompt: sentence.replace("{}", she), token: " she", minus: " he" },
      { prompt: sentence.replace("{}", he), token: " he", minus: " she" },
    ]),
  );
}

const NAMES = namePrompts(
  [
    "One day, {0} and {1} went to the park. {0} gave a ball to",
    "{0} and {1} were playing in the garden. {0} showed a flower to",
  ],
  [
    ["Tom", "Lily"],
    ["Sam", "Lucy"],
    ["Ben", "Amy"],
    ["Jack", "Emma"],
  ],
);
const PRONOUNS = pronounPrompts(
  ["The {} was sad because", "The {} was very tired, so"],
  [
    ["queen", "king"],
    ["girl", "boy"],
    ["mother", "father"],
    ["woman", "man"],
  ],
);
const QUOTATIONS = [
  "Lily said, {}I want to play with the ball",
  "The king said, {}I lost my crown in the forest",
  "The bird said, {}I can fly high in the sky",
  "The girl smiled and said, {}I like your red hat",
  "Sam said, {}I saw a big cat in the garden",
  "The dog said, {}I am very hungry",
  "Tom said, {}I want to be your friend",
  "The bear said, {}I like to eat honey",
].map((sentence) => ({ prompt: sentence.replace("{}", '"'), token: '."', minus: "." }));

/** The sixteen features at the mark that add most to the answer. */
const OPENING_MARK =
  "0_852 1_768 0_578 0_830 3_4516 1_3291 1_3911 0_2583 1_1776 0_4229 0_1529 0_3581 0_1196 1_3082 2_254 4_3159"
    .split(" ")
    .map((feature) => `${feature}_5`);

const GRAPHS: readonly GraphFinding[] = [
  {
    file: "02-names-graph",
    title: "Who gives, and who is left: the features behind the name",
    note: 'The same story as an attribution graph: the words below, layers upward, on top the answer, the score of " L" (Lily) minus that of " Tom". At the second "Tom" two features fire that stand for boys: they say who gives, and so who does not receive. At " L" a group spells out the name, and at the last word two features damp it again. The curve below takes the strongest features away and, for comparison, as many random active ones: only the first kind costs the answer. Click a node to see what feeds it.',
    prompt: "One day, Tom and Lily went to the park. Tom gave a ball to",
    token: " L",
    minus: " Tom",
    shown: 0.45,
    groups: {
      "a boy gives": ["3_2840_13", "3_2882_13"],
      "the name L…": ["3_581_6", "1_376_6", "1_3261_6", "1_368_6", "2_3432_6"],
      "damps L": ["5_1394_17", "5_4053_17"],
    },
    removed: [["a boy gives", "freeze"]],
    heads: NAMES,
  },
  {
    file: "03-pronouns-graph",
    title: "He or she? One feature says “she”",
    note: 'After "The queen was sad because" the model says " she", after "The king …" " he". The graph shows how: features at "queen" say that this is a woman, attention carries it to the last word (head L4H4, in the map of heads), and there feature 1627 of layer 4 says "she, not he". Removing that one feature takes most of the difference away; as many random ones do nothing. Put "king" for "queen" in the live view, and the feature is gone.',
    prompt: "The queen was sad because",
    token: " she",
    minus: " he",
    shown: 0.55,
    groups: {
      "she, not he": ["4_1627_5", "5_1441_5", "5_1788_5"],
      "a woman": ["1_293_2", "2_3295_2"],
    },
    removed: [["she, not he", "freeze"]],
    heads: PRONOUNS,
  },
  {
    file: "04-quotation-marks-graph",
    title: "Closing what was opened: a quotation mark is remembered",
    note: 'Somebody speaks, so the sentence ends with ." and not with a bare full stop; without the opening mark it is the other way round. The features at the opening mark are the memory. Head L5H4 reads it at the end of the sentence (see the map of heads), and features of the last layer push the bare full stop down. Without sixteen features at the mark the bare full stop wins. The graph predicts twice the fall that is measured: it is linear, and later layers make up for what is missing. For the features of the last layer, with nothing above them, it predicts exactly what happens.',
    prompt: 'Lily said, "I want to play with the ball',
    token: '."',
    minus: ".",
    shown: 0.42,
    groups: {
      "an opening mark": OPENING_MARK,
      "no bare .": ["5_539_12", "5_3683_12"],
    },
    removed: [
      ["an opening mark", "recompute"],
      ["no bare .", "freeze"],
    ],
    heads: QUOTATIONS,
  },
];

await mkdir(FOLDER, { recursive: true });
await store("01-names-sweep", namesSweep());
for (const finding of GRAPHS) await store(finding.file, await graphRequest(finding));

function namesSweep(): SnapshotRequest {
  const view = {
    ...FIRST_SWEEPS_VIEW,
    // Names of one token each, so that the two prompts line up word by word.
    prompt: "One day, Tom and Anna went to the park. Tom gave a ball to",
    corrupted: "One day, Anna and Tom went to the park. Anna gave a ball to",
    metric: { kind: "logit-difference", token: " Anna", minus: " Tom" } as const,
    asked: true,
  };
  const asked = sweepRequest(view, MODEL);
  if ("fault" in asked) throw new Error(asked.fault);
  return {
    title: "Who gets the ball? Swap two names and follow the answer",
    note: 'Tom gave a ball to … " Anna", of course. In the other prompt the two names are swapped, and the model says " Tom". Each cell puts one piece of the first story into a run of the second and asks how much of " Anna" comes back: 1 is all of it. The first map follows the answer from the names to the last word, where it arrives after layer 4; the second shows the heads that bring it, L4H4 and L5H1. Open it live and click a cell to see its numbers.',
    view: { room: "sweeps", path: sweepsPath(view) },
    parts: [{ role: "sweep", kind: "sweep", request: { ...asked.request } }],
  };
}

async function graphRequest(finding: GraphFinding): Promise<SnapshotRequest> {
  const supernodes = Object.entries(finding.groups).map(([label, nodes], i) => ({
    id: `supernode-${i + 1}`,
    label,
    nodes,
  }));
  const { prompt, token, minus } = finding;
  const target = { kind: "difference", token, minus } as const;
  const asked = { ...FIRST_CIRCUITS_VIEW, prompt, target, keep: { nodes: 0.6, edges: 0.8 } };
  const graph = circuitRequest(asked, MODEL, prompt);
  const question = circuitQuestion(asked, MODEL, prompt);
  const { graph: document } = await client.attributionGraph({ body: graph });
  const first = supernodes.flatMap(({ label, nodes: [node] }) => (node === undefined ? [] : [[node, label] as const]));
  const targets = document.nodes.filter(({ kind }) => kind === "logit");
  const annotations = {
    ...FIRST_CIRCUITS_VIEW.annotations,
    supernodes,
    labels: Object.fromEntries(first),
    pins: [...first.map(([node]) => node), ...targets.map(({ id }) => id)],
    thresholds: { node: finding.shown, edge: 0.8 },
  };
  const view = { ...asked, annotations };
  for (const { nodes } of supernodes) for (const id of nodes) referenceOf(document, id);
  const interventions = finding.removed.map(([group, attention]) => ({
    role: `without “${group}”`,
    kind: "graph-intervention" as const,
    request: {
      ...question,
      nodes: (finding.groups[group] ?? []).map((id) => ({
        node: referenceOf(document, id),
        change: { op: "zero" as const },
      })),
      attention,
    },
  }));
  return {
    title: finding.title,
    note: finding.note,
    view: { room: "circuits", path: circuitsPath(view) },
    parts: [
      { role: "graph", kind: "attribution-graph", request: { ...graph } },
      ...interventions,
      {
        role: "top against random",
        kind: "graph-deletion",
        request: { ...question, steps: [1, 2, 5, 10, 20, 50, 100], draws: 10 },
      },
      { role: "heads", kind: "sweep", request: headSweep(finding.heads) },
    ],
  };
}

/** Every head replaced by its mean over the same prompts, one at a time. */
function headSweep(examples: readonly Example[]) {
  const asked = examples.map(({ prompt, token, minus }) => ({
    input: { text: prompt },
    metric: { kind: "logit-difference" as const, token, minus },
  }));
  const [first, ...others] = asked;
  if (first === undefined) throw new Error("A sweep needs prompts.");
  return {
    model: MODEL,
    ...first,
    examples: others,
    method: { kind: "ablation", how: "mean", reference: { texts: examples.map(({ prompt }) => prompt) } },
    panels: [{ site: "z", by: ["layer", "head"] }],
  };
}

/** @throws where the graph has no such node: the finding would name what nobody sees */
function referenceOf({ nodes }: CircuitGraphDocument, id: string): GraphNodeReference {
  const node = nodes.find((one) => one.id === id);
  if (node === undefined || node.kind !== "feature" || node.dictionary === null || node.unit === null)
    throw new Error(`The graph has no feature ${id}.`);
  const { kind, layer, position, dictionary, unit } = node;
  return { kind, layer, position, dictionary, unit };
}

async function store(name: string, body: SnapshotRequest): Promise<void> {
  const { id } = await client.createSnapshot({ body });
  const made = await client.getSnapshot({ params: { id } });
  const file = path.join(FOLDER, `${name}.json`);
  const before = await readFile(file, "utf8").then(
    (text) => JSON.parse(text) as Snapshot,
    () => undefined,
  );
  const text = `${JSON.stringify(before?.id === id ? { ...made, createdAt: before.createdAt } : made)}\n`;
  if (text.length > LARGEST_FILE) throw new Error(`${name} has ${text.length} characters; at most ${LARGEST_FILE}.`);
  await writeFile(file, text);
  console.log(`${name}.json  ${Math.round(text.length / 1000)} kB  ${id}${before?.id === id ? "  unchanged" : ""}`);
}
