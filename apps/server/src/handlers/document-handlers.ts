import { checkCircuit } from "@patchbay/analysis";
import { type CircuitGraph, readGraph, writeGraphFile } from "@patchbay/circuit-graph";
import {
  type Circuit,
  type CircuitReference,
  CircuitSummary,
  type DocumentPageQuery,
  type GraphDocument,
  GraphSummary,
  type StoredCircuit,
} from "@patchbay/contract";
import type { DocumentHeader, StoredDocument } from "@patchbay/store";
import { PatchbayError } from "@patchbay/vocabulary";
import type { z } from "zod";
import { contentId } from "../content-hash.ts";
import type { Services } from "../services.ts";
import type { HandlersOf } from "./handler.ts";

type Names =
  | "listCircuits"
  | "saveCircuit"
  | "getCircuit"
  | "removeCircuit"
  | "listGraphs"
  | "saveGraph"
  | "getGraph"
  | "removeGraph";
type Kind = "circuit" | "graph";

type Page = z.output<typeof DocumentPageQuery>;

const DEFAULT_PAGE = 50;

/** Saved circuits and attribution graphs. */
export function documentHandlers({ models, store }: Services): HandlersOf<Names> {
  const shelf = async () => (await store()).documents;

  async function list(kind: Kind, { model, offset = 0, limit = DEFAULT_PAGE }: Page) {
    return (await shelf()).list(kind, { ...(model === undefined ? {} : { model }), offset, limit });
  }

  async function remove(kind: Kind, id: string): Promise<{ removed: string }> {
    if (await (await shelf()).remove(kind, id)) return { removed: id };
    throw notFound(kind, id);
  }

  return {
    async listCircuits({ query }) {
      const { total, rows } = await list("circuit", query);
      return { total, circuits: rows.map(circuitSummary) };
    },
    async saveCircuit({ body }) {
      const circuit = await checked(body);
      const { name, note = "", model, modelHash = "", nodes, edges = [] } = circuit;
      const kinds = [...new Set(nodes.map(({ kind }) => kind))].sort();
      const summary = { name, note, model, modelHash, nodes: nodes.length, edges: edges.length, kinds };
      const id = contentId({ kind: "circuit", circuit });
      return circuitSummary(
        await (await shelf()).put({ id, kind: "circuit", model, title: name, summary, document: circuit }),
      );
    },
    async getCircuit({ params }): Promise<StoredCircuit> {
      const { id, createdAt, document } = await found(await shelf(), "circuit", params.id);
      return { id, createdAt: createdAt.toISOString(), circuit: document as Circuit };
    },
    removeCircuit: ({ params }) => remove("circuit", params.id),

    async listGraphs({ query }) {
      const { total, rows } = await list("graph", query);
      return { total, graphs: rows.map(graphSummary) };
    },
    async saveGraph({ body }) {
      const { graph, notices } = readGraph(body);
      const { name, hash } = graph.model;
      const title = plain(graph.title === "" ? graph.slug : graph.title);
      const summary = {
        title,
        prompt: graph.prompt,
        model: name,
        modelHash: hash,
        nodes: graph.nodes.length,
        edges: graph.edges.weight.length,
      };
      // As text: a graph of a hundred megabytes is hashed once, not walked through with every key sorted.
      const id = contentId(`graph ${JSON.stringify(graph)}`);
      const model = name === null ? null : plain(name);
      const stored = await (await shelf()).put({ id, kind: "graph", model, title, summary, document: graph });
      return {
        ...graphSummary(stored),
        notices: notices.map((notice) => ({ ...notice, examples: [...notice.examples] })),
      };
    },
    async getGraph({ params, query }) {
      const { document } = await found(await shelf(), "graph", params.id);
      const graph = document as CircuitGraph;
      return (query.format === "neuronpedia" ? writeGraphFile(graph) : graph) as z.output<typeof GraphDocument>;
    },
    removeGraph: ({ params }) => remove("graph", params.id),
  };

  /** As it will be stored: it belongs to a model's weights. Circuits of models that are not installed need their hash. */
  async function checked(circuit: Circuit): Promise<Circuit> {
    const model = await models.get(circuit.model).catch((error: unknown) => {
      const unknown = error instanceof PatchbayError && error.code === "unknown-model";
      if (unknown && circuit.modelHash !== undefined) return undefined;
      throw error;
    });
    if (model === undefined) {
      checkCircuit(circuit, { layers: 1e9, heads: 1e9, neurons: 1e9 });
      return circuit;
    }
    const modelHash = circuit.modelHash ?? model.hash;
    if (modelHash === model.hash) {
      const { layers, heads, neuronsPerLayer } = model.summary();
      checkCircuit(circuit, { layers, heads, neurons: neuronsPerLayer });
    }
    return { ...circuit, modelHash };
  }
}

/** A request about circuits with the saved ones that it names by their ids put in their places. */
export async function withSavedCircuits<Request extends object>(
  request: Request,
  store: Services["store"],
): Promise<Request> {
  const places = (["circuit", "left", "right"] as const).filter((place) => place in request);
  if (places.length === 0) return request;
  const given = request as Partial<Record<(typeof places)[number], CircuitReference>>;
  const replaced = await Promise.all(
    places.map(async (place) => {
      const reference = given[place];
      if (typeof reference !== "string") return [place, reference] as const;
      try {
        const { document } = await found((await store()).documents, "circuit", reference);
        return [place, document] as const;
      } catch (error) {
        throw error instanceof PatchbayError ? error.at(place) : error;
      }
    }),
  );
  return { ...request, ...Object.fromEntries(replaced) };
}

async function found(
  documents: Awaited<ReturnType<Services["store"]>>["documents"],
  kind: Kind,
  id: string,
): Promise<StoredDocument> {
  const document = await documents.get(kind, id);
  if (document !== undefined) return document;
  throw notFound(kind, id);
}

function notFound(kind: Kind, id: string): PatchbayError {
  return new PatchbayError("not-found", `There is no saved ${kind} "${id}".`, {
    advice: `GET /api/v1/${kind}s lists them. They live in the data folder of the server that stored them.`,
  });
}

function circuitSummary({ id, createdAt, summary }: DocumentHeader): CircuitSummary {
  return CircuitSummary.parse({ ...summary, id, createdAt: createdAt.toISOString() });
}

function graphSummary({ id, createdAt, summary }: DocumentHeader): GraphSummary {
  return GraphSummary.parse({ ...summary, id, createdAt: createdAt.toISOString() });
}

/** Columns of text hold every character but this one. */
function plain(text: string): string {
  return text.replaceAll("\0", "");
}
