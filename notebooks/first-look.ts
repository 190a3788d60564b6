/**
 * A small language model, opened over Patchbay's REST API with the typed client: what first-look.ipynb does, as tables.
 *
 *     npm start                                        (in another terminal)
 *     npx tsx notebooks/first-look.ts
 *
 * Set PATCHBAY_URL if the server does not run at the default address.
 */
import type { Intervention } from "@patchbay/contract";
import { createClient } from "@patchbay/contract/client";

const SERVER = process.env["PATCHBAY_URL"] ?? "http://127.0.0.1:7330";
const MODEL = "stories-15m";
const PROMPT = "One day, Tom and Lily went to the park. Tom gave a ball to";
const client = createClient({ baseUrl: SERVER });

const visible = (text: string) => text.replaceAll(" ", "·").replaceAll("\n", "↵");
const heading = (text: string) => console.log(`\n${text}\n${"-".repeat(text.length)}`);

const model = await client.getModel({ params: { model: MODEL } });
console.log(
  `${model.name}: ${model.parameters} parameters, ${model.layers} layers, ${model.neuronsPerLayer} neurons a layer, ${model.sites.length} hook sites`,
);

// What would the model say at each depth? The leading token at the last four positions, and " L" followed at the last.
const run = await client.run({
  body: {
    model: MODEL,
    input: { text: PROMPT },
    compute: { lens: { top: 1, positions: [-4, -3, -2, -1], tokens: [" L"] } },
  },
});
const { lens } = run.results;
if (lens === undefined) throw new Error("The server sent no lens.");
heading(`Logit lens: ${PROMPT}`);
const [, siteCount = 0, positionCount = 0] = lens.topIds.shape;
for (let site = siteCount - 1; site >= 0; site--) {
  const cells = Array.from({ length: positionCount }, (_, position) => {
    const at = site * positionCount + position;
    const text = visible(run.texts[String(lens.topIds.data[at])] ?? "?");
    return `${text.padEnd(10)}${lens.topProbabilities.data[at]?.toFixed(3) ?? ""}`;
  });
  const followed = lens.tracked?.probabilities.data[(site + 1) * positionCount - 1]?.toFixed(4) ?? "";
  console.log(`${(lens.sites[site] ?? "").padEnd(26)}${cells.join("   ")}   ·L ${followed}`);
}

// Who writes " L"?
heading('Neurons that write " L"');
const { matches } = await client.tokenNeurons({
  params: { model: MODEL },
  query: { token: " L", side: "write", limit: 6 },
});
for (const { layer, neuron, rank, score } of matches) {
  const { sides } = await client.getNeuron({ params: { model: MODEL, layer, neuron } });
  const written = sides.find(({ side }) => side === "write")?.variants.find(({ variant }) => variant === "folded");
  const tokens = written?.top
    .slice(0, 5)
    .map(({ text }) => visible(text))
    .join("  ");
  console.log(`${`L${layer}N${neuron}`.padEnd(8)} rank ${rank}  score ${score.toFixed(3)}  ${tokens}`);
}

// Does it do what its weights say? Held at multiples of the largest activation seen on stories, at every position.
const [LAYER, NEURON, DOSE] = [5, 171, -4];
heading(`L${LAYER}N${NEURON} held at a value`);
const dose = await client.doseResponse({
  body: {
    model: MODEL,
    input: { text: PROMPT },
    layer: LAYER,
    neuron: NEURON,
    values: [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5],
    unit: "maximum",
    tokens: [" L", " Tom", " his"],
  },
});
console.log(
  ["value", ...dose.tokens.map(({ text }) => visible(text)), "KL (nats)"].map((cell) => cell.padStart(10)).join(""),
);
dose.values.forEach((value, i) => {
  const cells = [
    value.toFixed(2),
    ...dose.probabilities.map((curve) => curve[i]?.toFixed(4) ?? ""),
    dose.kl[i]?.toFixed(3) ?? "",
  ];
  console.log(cells.map((cell) => cell.padStart(10)).join(""));
});

heading("Steered text");
const clamp: Intervention = {
  site: `blocks.${LAYER}.mlp.hook_post`,
  units: [NEURON],
  op: "set",
  value: DOSE,
  unit: "maximum",
  positions: "all",
};
for (const [name, interventions] of [
  ["before", []],
  ["after", [clamp]],
] as const) {
  const body = {
    model: MODEL,
    input: { text: PROMPT },
    interventions: [...interventions],
    sampling: { maxTokens: 40 },
  };
  const { rows } = await client.generate({ body });
  console.log(`${name.padEnd(8)}${PROMPT} | ${rows[0]?.text.trim()}`);
}

heading("The same view in the workbench");
const patch = `orange:L${LAYER}.mlp.post[${NEURON}]:set:${DOSE}max:all`;
console.log(`${SERVER}/?${new URLSearchParams({ model: MODEL, prompt: PROMPT, patch })}`);
