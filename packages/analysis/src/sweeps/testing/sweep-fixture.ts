/** Sweeps in tests: the parts that a model service would give them, and cells measured by plain runs. */
import type {
  Intervention,
  Metric,
  RunInput,
  SweepMethod,
  SweepPanel,
  SweepRequest,
  SweepResult,
} from "@patchbay/contract";
import { ensureDefined, type SiteKind, siteName } from "@patchbay/vocabulary";
import { type TestService, UNDISTURBED } from "../../testing/open-test-service.ts";
import { SITE_KINDS_OF } from "../cells.ts";
import { type SweepParts, sweep } from "../sweep.ts";

export const REFERENCE_TEXTS = [" w1 w2 w3 w4 w5", " w60 w61 w62 w8 w9 w10"];

export function sweepParts(
  { name, engine, tokenizer, dictionaries }: TestService,
  texts = REFERENCE_TEXTS,
): SweepParts {
  const unavailable = async () => {
    throw new Error("not needed by sweeps");
  };
  return {
    name,
    engine,
    tokenizer,
    prependBos: true,
    runtimeVersion: "the runtime under test",
    maximumOf: unavailable,
    dictionaries: {
      find: (each) => dictionaries.find(each),
      ofSet: unavailable,
      maximumOf: unavailable,
    },
    referenceTexts: async () => texts,
  };
}

export interface Question {
  readonly clean: RunInput;
  readonly corrupted?: RunInput;
  readonly method: SweepMethod;
  readonly panels: SweepPanel[];
  readonly metric: Metric;
  readonly more?: Partial<SweepRequest>;
}

export function ask(
  service: TestService,
  { clean, corrupted, method, panels, metric, more }: Question,
): Promise<SweepResult> {
  const request: SweepRequest = {
    model: service.name,
    input: clean,
    ...(corrupted === undefined ? {} : { corrupted: { kind: "prompt", input: corrupted } }),
    method,
    panels,
    metric,
    ...more,
  };
  return sweep(sweepParts(service), request, UNDISTURBED);
}

/** The interventions that a cell of sites comes to, as people write them. */
export function interventionsOf(
  panel: SweepPanel,
  result: SweepResult,
  index: number,
  what: (positions: number[]) => object,
  length: number,
): Intervention[] {
  const axes = ensureDefined(result.panels[0]).axes;
  let rest = index;
  const at: Partial<Record<string, number>> = {};
  for (const axis of [...axes].reverse()) {
    at[axis.name] = axis.values[rest % axis.values.length];
    rest = Math.floor(rest / axis.values.length);
  }
  const kinds: readonly SiteKind[] = SITE_KINDS_OF[panel.site as keyof typeof SITE_KINDS_OF];
  const positions = at["position"] === undefined ? Array.from({ length }, (_, i) => i) : [at["position"]];
  const layers = layersOf(panel, at["layer"], ensureDefined(axes.find(({ name }) => name === "layer")).values.length);
  return layers.flatMap((layer) =>
    kinds.map(
      (kind) =>
        ({
          site: siteName(kind, layer),
          positions,
          ...(at["head"] === undefined ? {} : { units: [at["head"]] }),
          ...(at["key"] === undefined ? {} : { dimensions: [at["key"]] }),
          ...what(positions),
        }) as Intervention,
    ),
  );
}

function layersOf({ window = 1 }: SweepPanel, layer = 0, count: number): number[] {
  const first = layer - Math.floor((window - 1) / 2);
  return Array.from({ length: window }, (_, i) => first + i).filter((each) => each >= 0 && each < count);
}

/** A metric of a plain run from scratch. Logit difference, logit or loss. */
export async function plainMetric(
  { service, tokenizer, name }: TestService,
  input: RunInput,
  metric: Metric,
  interventions: Intervention[],
): Promise<number> {
  const request = { model: name, input, interventions, compute: { logits: { positions: "all" as const, full: true } } };
  const { result, tensors } = await service.run(request, UNDISTURBED);
  const { data, shape } = ensureDefined(tensors.get("results/logits/full"));
  const [, length = 0, vocabulary = 0] = shape;
  const logit = (token: string | number, position: number) => {
    const id = typeof token === "number" ? token : ensureDefined(tokenizer.idOf(token));
    return data[(position < 0 ? position + length : position) * vocabulary + id] ?? 0;
  };
  const tokens = ensureDefined(result.tokens[0]).map(({ id }) => id);
  if (metric.kind === "logit-difference") {
    const { position = -1 } = metric;
    return logit(metric.token, position) - logit(metric.minus, position);
  }
  if (metric.kind === "logit") return logit(metric.token, metric.position ?? -1);
  if (metric.kind !== "loss") throw new Error(`${metric.kind} is not measured here`);
  let loss = 0;
  for (let position = 0; position + 1 < length; position++) {
    const row = data.subarray(position * vocabulary, (position + 1) * vocabulary);
    const largest = Math.max(...row);
    const sum = row.reduce((total, value) => total + Math.exp(value - largest), 0);
    loss += largest + Math.log(sum) - (row[tokens[position + 1] ?? 0] ?? 0);
  }
  return loss / (length - 1);
}
