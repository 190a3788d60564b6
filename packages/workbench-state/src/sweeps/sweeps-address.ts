/**
 * The view of the Sweeps room as a query string that people can read, and back:
 *
 *     ?prompt=…&corrupted=…&panel=resid_pre:layer,position&panel=z:layer,head:window=3&metric=probability&token= L&cell=0:113
 *
 * What is as on a first visit is left out. What cannot be read takes its default, and a notice says so.
 */
import type { Metric, SweepAxis } from "@patchbay/contract";
import { escapeValue } from "../trace/encode-view.ts";
import {
  axesOfSite,
  FIRST_SWEEPS_VIEW,
  type PanelChoice,
  SWEEP_QUESTIONS,
  SWEEP_SCALES,
  SWEEP_SETUPS,
  SWEEP_SITES,
  type SweepsView,
} from "./sweeps-view.ts";

const FIRST = FIRST_SWEEPS_VIEW;
const METRICS = ["logit-difference", "logit", "probability", "log-probability", "loss", "kl"] as const;

export function encodeSweepsView(view: SweepsView): string {
  const query: [string, string][] = [];
  const add = (name: string, value: string | undefined, usual?: string) => {
    if (value !== undefined && value !== usual) query.push([name, value]);
  };
  add("model", view.model);
  add("ask", view.question, FIRST.question);
  add("prompt", view.prompt);
  add("corrupted", view.corrupted, FIRST.corrupted);
  if (view.prependBos !== undefined) add("bos", view.prependBos ? "yes" : "no");
  add("setup", view.setup, FIRST.setup);
  add("direction", view.direction, FIRST.direction);
  add("align", view.alignment?.map((pair) => pair.join("-")).join(","));
  add("noise", writeNoise(view.noise), writeNoise(FIRST.noise));
  add("ablation", Object.values(view.ablation).join(","), Object.values(FIRST.ablation).join(","));
  add("receivers", view.receivers, FIRST.receivers);
  add("mlps", view.mlps, FIRST.mlps);
  const { metric } = view;
  add("metric", metric.kind, FIRST.metric.kind);
  if ("token" in metric) add("token", writeToken(metric.token));
  if ("minus" in metric) add("minus", writeToken(metric.minus));
  if ("position" in metric && metric.position !== undefined) add("position", String(metric.position));
  const panels = view.panels.map(writePanel);
  if (panels.join("|") !== FIRST.panels.map(writePanel).join("|")) for (const panel of panels) add("panel", panel);
  add("examples", view.examples, FIRST.examples);
  add("estimate", view.estimate, FIRST.estimate);
  add("verify", String(view.verify), String(FIRST.verify));
  add("edges", writeEdges(view.edges), writeEdges(FIRST.edges));
  add("tokens", Object.values(view.tokens).join(","), Object.values(FIRST.tokens).join(","));
  add("scale", view.scale, FIRST.scale);
  add("form", view.form, FIRST.form);
  if (view.cell !== undefined) add("cell", `${view.cell.panel}:${view.cell.index}`);
  if (view.asked) add("asked", "yes");
  return `?${query.map(([name, value]) => `${name}=${escapeValue(value)}`).join("&")}`;
}

/** The address of a view: what other rooms link to. */
export function sweepsPath(view: Partial<SweepsView>): string {
  return `/sweeps${encodeSweepsView({ ...FIRST, ...view })}`;
}

export interface DecodedSweeps {
  readonly view: SweepsView;
  /** One sentence for each thing in the address that was not understood. */
  readonly notices: readonly string[];
}

export function decodeSweepsView(search: string): DecodedSweeps {
  const query = new URLSearchParams(search);
  const notices: string[] = [];
  function field<Value>(name: string, read: (text: string) => Value | undefined, fallback: Value): Value {
    const text = query.get(name);
    if (text === null) return fallback;
    const value = read(text);
    if (value === undefined) notices.push(refusal(name, text));
    return value ?? fallback;
  }
  const panels = query.getAll("panel").flatMap((text) => {
    const panel = readPanel(text);
    if (panel === undefined) notices.push(refusal("panel", text));
    return panel === undefined ? [] : [panel];
  });
  const choice =
    <Value extends string>(values: readonly Value[]) =>
    (text: string): Value | undefined =>
      values.find((value) => value === text);
  const view: SweepsView = {
    model: field<string | undefined>(
      "model",
      (text) => (/^[a-z0-9][\w.-]*$/i.test(text) ? text : undefined),
      undefined,
    ),
    question: field("ask", choice(SWEEP_QUESTIONS), FIRST.question),
    prompt: query.get("prompt") ?? FIRST.prompt,
    corrupted: query.get("corrupted") ?? FIRST.corrupted,
    prependBos: field<boolean | undefined>("bos", (text) => ({ yes: true, no: false })[text], undefined),
    setup: field("setup", choice(SWEEP_SETUPS), FIRST.setup),
    direction: field("direction", choice(["denoise", "noise"] as const), FIRST.direction),
    alignment: field<SweepsView["alignment"]>("align", readAlignment, undefined),
    noise: field("noise", readNoise, FIRST.noise),
    ablation: field("ablation", readAblation, FIRST.ablation),
    receivers: query.get("receivers") ?? FIRST.receivers,
    mlps: field("mlps", choice(["freeze", "recompute"] as const), FIRST.mlps),
    metric: field("metric", (kind) => readMetric(kind, query), readMetric(FIRST.metric.kind, query) ?? FIRST.metric),
    panels: panels.length === 0 ? FIRST.panels : panels,
    examples: query.get("examples") ?? FIRST.examples,
    estimate: field("estimate", choice(["exact", "gradient", "integrated-gradients"] as const), FIRST.estimate),
    verify: field("verify", (text) => whole(text, 200), FIRST.verify),
    edges: field("edges", readEdges, FIRST.edges),
    tokens: field("tokens", readTokens, FIRST.tokens),
    scale: field("scale", choice(SWEEP_SCALES), FIRST.scale),
    form: field("form", choice(["map", "table"] as const), FIRST.form),
    cell: field<SweepsView["cell"]>("cell", readCell, undefined),
    asked: query.get("asked") === "yes",
  };
  return { view, notices };
}

function refusal(name: string, text: string): string {
  return `"${name}=${text.length > 60 ? `${text.slice(0, 60)}…` : text}" in the address was not understood and is left out.`;
}

/** A token is its text; "#365" is an id, and a text that begins with "#" has one "#" more. */
function writeToken(token: string | number): string {
  if (typeof token === "number") return `#${token}`;
  return token.startsWith("#") ? `#${token}` : token;
}

function readToken(text: string | null): string | number | undefined {
  if (text === null) return undefined;
  if (text.startsWith("##")) return text.slice(1);
  if (!text.startsWith("#")) return text;
  return /^#\d{1,8}$/.test(text) ? Number(text.slice(1)) : undefined;
}

function readMetric(text: string, query: URLSearchParams): Metric | undefined {
  const kind = METRICS.find((name) => name === text);
  if (kind === undefined) return undefined;
  const place = query.get("position");
  const position = place !== null && /^-?\d{1,6}$/.test(place) ? { position: Number(place) } : {};
  // A first visit's tokens belong to its prompt; another metric without a token waits for one.
  const token = readToken(query.get("token")) ?? " L";
  if (kind === "loss") return { kind };
  if (kind === "kl") return { kind, ...position };
  if (kind === "logit-difference") return { kind, token, minus: readToken(query.get("minus")) ?? " Tom", ...position };
  return { kind, token, ...position };
}

function writePanel({ site, by, window, groups }: PanelChoice): string {
  return [
    site,
    by.join(","),
    ...(window === 1 ? [] : [`window=${window}`]),
    ...(groups === "" ? [] : [`groups=${groups}`]),
  ].join(":");
}

function readPanel(text: string): PanelChoice | undefined {
  const match = /^([a-z_]+):([a-z,]*)(?::window=(\d{1,2}))?(?::groups=(.*))?$/.exec(text);
  if (match === null) return undefined;
  const [, name, axes = "", window = "1", groups = ""] = match;
  const site = SWEEP_SITES.find((each) => each === name);
  if (site === undefined) return undefined;
  const allowed = axesOfSite(site);
  const by = axes.split(",").filter((axis) => axis !== "");
  if (!by.every((axis) => allowed.some((each) => each === axis)) || new Set(by).size < by.length) return undefined;
  const width = Number(window);
  return width < 1 || width > 64 ? undefined : { site, by: by as SweepAxis[], window: width, groups };
}

function readAlignment(text: string): SweepsView["alignment"] | undefined {
  const pairs = text.split(",").map((part) => /^(\d{1,6})-(\d{1,6})$/.exec(part));
  const read = pairs.flatMap((match) =>
    match === null ? [] : [[Number(match[1]), Number(match[2])] as readonly [number, number]],
  );
  return read.length === pairs.length ? read : undefined;
}

function writeNoise({ positions, scale, samples }: SweepsView["noise"]): string {
  return `${positions.join(".")},${scale},${samples}`;
}

function readNoise(text: string): SweepsView["noise"] | undefined {
  const [places = "", scaleText = "", samplesText = "", ...rest] = text.split(",");
  const positions = places === "" ? [] : places.split(".").map((part) => whole(part, 999_999));
  const [scale, samples] = [Number(scaleText), whole(samplesText, 256)];
  const known = positions.filter((position) => position !== undefined);
  if (rest.length > 0 || known.length < positions.length || samples === undefined || samples === 0) return undefined;
  return scaleText !== "" && scale >= 0 && Number.isFinite(scale) ? { positions: known, scale, samples } : undefined;
}

function readAblation(text: string): SweepsView["ablation"] | undefined {
  const [how, steps = "", order] = text.split(",");
  const greedy = whole(steps, 4096);
  if ((how !== "zero" && how !== "mean" && how !== "resample") || greedy === undefined) return undefined;
  return order === "least" || order === "most" ? { how, greedy, order } : undefined;
}

function writeEdges({ method, steps, circuits }: SweepsView["edges"]): string {
  return `${method},${steps},${circuits.join(".")}`;
}

function readEdges(text: string): SweepsView["edges"] | undefined {
  const [method, stepText = "", sizes = ""] = text.split(",");
  const steps = whole(stepText, 100);
  const circuits = sizes === "" ? [] : sizes.split(".").map((part) => whole(part, 200_000));
  const known = circuits.filter((size) => size !== undefined && size > 0) as number[];
  if (known.length < circuits.length || known.length > 32 || steps === undefined || steps === 0) return undefined;
  return method === "gradient" || method === "integrated-gradients" || method === "clean-corrupted"
    ? { method, steps, circuits: known }
    : undefined;
}

function readTokens(text: string): SweepsView["tokens"] | undefined {
  const [method, stepText = "", baseline] = text.split(",");
  const steps = whole(stepText, 256);
  if ((method !== "gradient-times-input" && method !== "integrated-gradients") || steps === undefined || steps === 0)
    return undefined;
  return baseline === "zero" || baseline === "mean-embedding" || baseline === "prompt"
    ? { method, steps, baseline }
    : undefined;
}

function readCell(text: string): SweepsView["cell"] | undefined {
  const match = /^(\d{1,2}):(\d{1,7})$/.exec(text);
  return match === null ? undefined : { panel: Number(match[1]), index: Number(match[2]) };
}

function whole(text: string, high: number): number | undefined {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  return value <= high ? value : undefined;
}
