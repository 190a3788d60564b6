/** The OpenAPI 3.1 document, made from the table of operations. */
import { ERROR_CODES } from "@patchbay/vocabulary";
import { z } from "zod";
import * as contract from "./index.ts";
import { API_PREFIX, OPERATIONS, type Operation, type OperationName } from "./operations.ts";

type Json = Record<string, unknown>;

const NAMES = {
  model: "stories-15m",
  input: { text: "One day, Tom and Lily went to the park. Tom gave a ball to" },
};
const NAMES_METRIC = { kind: "logit-difference", token: " L", minus: " Tom" };

const REQUEST_EXAMPLES: Partial<Record<OperationName, unknown>> = {
  run: {
    model: "stories-15m",
    input: { text: "One day, Tom and Lily went to the park. Tom gave a ball to" },
    interventions: [{ site: "blocks.2.mlp.hook_post", units: [417], positions: "all", op: "set", value: 6 }],
    compute: { logits: { positions: [-1], top: 10 }, lens: { top: 5 } },
  },
  generate: {
    model: "stories-15m",
    input: { text: "Once upon a time" },
    sampling: { maxTokens: 40, temperature: 0.8, topP: 0.9, seed: 1 },
  },
  doseResponse: {
    model: "stories-15m",
    input: { text: "One day, Tom and Lily went to the park. Tom gave a ball to" },
    layer: 2,
    neuron: 417,
    values: [0, 2, 4, 6, 8],
    tokens: [" L", " Tom"],
  },
  sweep: {
    ...NAMES,
    corrupted: {
      kind: "prompt",
      input: { text: "One day, Tom and Lily went to the park. Lily gave a ball to" },
    },
    method: { kind: "patching", direction: "denoise" },
    panels: [{ site: "resid_pre", by: ["layer", "position"] }],
    metric: NAMES_METRIC,
  },
  attributeEdges: {
    ...NAMES,
    corrupted: { text: "One day, Sue and Lily went to the park. Sue gave a ball to" },
    metric: NAMES_METRIC,
    top: 100,
    verify: 10,
  },
  evaluateEdges: {
    ...NAMES,
    corrupted: { text: "One day, Sue and Lily went to the park. Sue gave a ball to" },
    metric: NAMES_METRIC,
    circuits: [{ name: "one head", edges: ["a5.h1->logits"] }],
  },
  attributeTokens: { ...NAMES, metric: NAMES_METRIC },
  attributionGraph: { ...NAMES, target: { kind: "difference", token: " L", minus: " Tom" } },
  graphIntervention: {
    ...NAMES,
    nodes: [{ node: { kind: "error", layer: 3, position: 17 }, change: { op: "zero" } }],
  },
  graphDeletion: { ...NAMES, steps: [1, 5, 20], draws: 4 },
  featureConnections: { model: "stories-15m", dictionary: "mlp-3", feature: 932 },
  featureSimilarities: {
    model: "stories-15m",
    features: [
      { dictionary: "mlp-3", feature: 932 },
      { dictionary: "mlp-3", feature: 581 },
      { dictionary: "mlp-4", feature: 2277 },
    ],
    threshold: 0,
  },
  decompose: { ...NAMES, target: { kind: "logit-difference", token: " L", minus: " Tom" } },
  deletionCurve: { model: "stories-15m" },
  decompositionCircuit: { ...NAMES, target: { kind: "logit", token: " L" }, size: 16 },
  observe: {
    model: "stories-15m",
    observables: [{ name: "he − she", plus: [" he"], minus: [" she"] }],
  },
  traceFact: {
    model: "stories-15m",
    prompts: [{ text: "One day, Tom and Lily went to the park. Tom gave a ball to", subject: "Lily", answer: " L" }],
  },
  evaluateCircuit: {
    model: "stories-15m",
    circuit: { name: "L5H1", model: "stories-15m", nodes: [{ kind: "head", layer: 5, head: 1 }] },
    examples: [{ input: NAMES.input, metric: NAMES_METRIC }],
  },
  compareCircuits: {
    model: "stories-15m",
    left: { name: "one", model: "stories-15m", nodes: [{ kind: "head", layer: 5, head: 1 }] },
    right: {
      name: "two",
      model: "stories-15m",
      nodes: [
        { kind: "head", layer: 5, head: 1 },
        { kind: "head", layer: 4, head: 4 },
      ],
    },
  },
  tokenize: { text: "One day, Tom" },
  createJob: { kind: "neuron-map", model: "stories-15m" },
  createSnapshot: {
    title: "Tom gave a ball to Lily",
    view: { room: "trace", path: "/?prompt=Tom%20gave%20a%20ball%20to" },
    parts: [{ role: "before", kind: "run", request: { model: "stories-15m", input: { text: "Tom gave a ball to" } } }],
  },
};

export function openApiDocument(version: string): Json {
  const schemas = componentSchemas();
  return {
    openapi: "3.1.0",
    info: {
      title: "Patchbay",
      version,
      description: "Look inside a transformer language model: runs under interventions, lenses, neurons, findings.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: API_PREFIX }],
    tags: [...new Set(Object.values(OPERATIONS).map(({ tag }) => tag))].map((name) => ({ name })),
    paths: paths(),
    components: {
      schemas,
      responses: { Problem: problemResponse() },
      securitySchemes: { token: { type: "http", scheme: "bearer", description: "Only beyond loopback." } },
    },
    security: [{}, { token: [] }],
  };
}

/** Every exported schema under its own name. Requests are described as sent, so defaults and coercions stay optional. */
function componentSchemas(): Json {
  const registry = z.registry<{ id: string }>();
  for (const [name, value] of Object.entries(contract)) {
    if (value instanceof z.ZodType) registry.add(value, { id: name });
  }
  const { schemas } = z.toJSONSchema(registry, { io: "input", uri: refOf, unrepresentable: "any" });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $id: _, $schema: __, ...schema }]) => [name, schema]),
  );
}

function refOf(name: string): string {
  return `#/components/schemas/${name}`;
}

function paths(): Json {
  const result: Record<string, Json> = {};
  for (const [name, operation] of Object.entries(OPERATIONS) as [OperationName, Operation][]) {
    result[operation.path] = { ...result[operation.path], [operation.method.toLowerCase()]: describe(name, operation) };
  }
  return result;
}

function describe(name: OperationName, operation: Operation): Json {
  const { summary, tag, params, query, body, response, events, binary } = operation;
  const example = REQUEST_EXAMPLES[name];
  const content: Json = { "application/json": { schema: schemaOf(response) } };
  if (events !== undefined)
    content["text/event-stream"] = { schema: { type: "string", description: `Events: ${events}.` } };
  if (binary === true) {
    content["application/vnd.safetensors"] = {
      schema: { type: "string", format: "binary" },
      // The tensors are named by their place in the JSON answer.
    };
  }
  return {
    operationId: name,
    summary,
    tags: [tag],
    parameters: [...parametersOf(params, "path"), ...parametersOf(query, "query")],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { "application/json": { schema: schemaOf(body), ...(example === undefined ? {} : { example }) } },
          },
        }),
    responses: { 200: { description: "The answer.", content }, default: { $ref: "#/components/responses/Problem" } },
  };
}

function parametersOf(schema: z.ZodObject | undefined, place: "path" | "query"): Json[] {
  if (schema === undefined) return [];
  // As output: a coerced number is described as the number that it must become.
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: "output" });
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: property,
  }));
}

/** A reference where the schema is exported by name; otherwise the schema itself, with references inside. */
function schemaOf(schema: z.ZodType): Json {
  const name = nameOf(schema);
  if (name !== undefined) return { $ref: refOf(name) };
  const { $schema: _, ...inline } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      const inner = nameOf(zodSchema);
      if (inner === undefined) return;
      for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key);
      jsonSchema.$ref = refOf(inner);
    },
  });
  return inline;
}

function nameOf(schema: unknown): string | undefined {
  return Object.entries(contract).find(([, value]) => value === schema)?.[0];
}

function problemResponse(): Json {
  const codes = Object.entries(ERROR_CODES).map(([code, status]) => `${code} (${status})`);
  return {
    description: `What was expected, what came, and what to do. Codes: ${codes.join(", ")}.`,
    content: {
      "application/problem+json": {
        schema: { $ref: refOf("Problem") },
        example: {
          type: "urn:patchbay:problem:unit-out-of-range",
          title: "Unit out of range",
          status: 422,
          detail: "blocks.2.mlp.hook_post has no unit 900. Expected 0 to 767. Received 900.",
          code: "unit-out-of-range",
          expected: "0 to 767",
          received: "900",
          at: "interventions/0/units/0",
        },
      },
    },
  };
}
