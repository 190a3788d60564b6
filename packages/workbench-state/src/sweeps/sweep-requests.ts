/** The view of the Sweeps room as the bodies of its three questions. What cannot be read is a sentence, not a guess. */
import type {
  EdgeAttributionRequest,
  SweepExample,
  SweepGroup,
  SweepPanel,
  SweepReceiver,
  SweepRequest,
  TokenAttributionRequest,
} from "@patchbay/contract";
import type { PanelChoice, SweepsView } from "./sweeps-view.ts";

/** A request, or why there is none yet. */
export type Asked<Request> =
  | { readonly request: Request; readonly fault?: undefined }
  | { readonly request?: undefined; readonly fault: string };

/** @returns the body of `sweep`, or what is missing or unreadable in the view */
export function sweepRequest(view: SweepsView, model: string): Asked<SweepRequest> {
  const fault = promptFault(view, needsOther(view)) ?? panelFault(view.panels);
  if (fault !== undefined) return { fault };
  const { setup, direction, ablation, noise, estimate } = view;
  if (setup === "noise" && noise.positions.length === 0)
    return { fault: "Click the tokens whose embeddings are disturbed." };
  const receivers = setup === "path" ? readReceivers(view.receivers) : [];
  if (receivers === undefined)
    return { fault: "Receivers are written like “q:L3.H2, mlp_in:L4, logits”, with commas between." };
  const lines = exampleLines(view.examples);
  const broken = lines.find(({ corrupted }) => needsOther(view) && corrupted === undefined);
  if (broken !== undefined)
    return { fault: `Line ${broken.line} of the prompts has no tab between the clean and the corrupted prompt.` };
  const input = (text: string) => inputOf(view, text);
  const examples = lines.map(
    (line): SweepExample => ({
      input: input(line.clean),
      ...(line.corrupted === undefined || !needsOther(view)
        ? {}
        : { corrupted: { kind: "prompt", input: input(line.corrupted) } }),
      ...(line.token === undefined || line.minus === undefined
        ? {}
        : { metric: { kind: "logit-difference", token: line.token, minus: line.minus } }),
    }),
  );
  return {
    request: {
      model,
      input: input(view.prompt),
      ...(setup === "noise"
        ? { corrupted: { kind: "noise", ...noise, positions: [...noise.positions] } }
        : needsOther(view)
          ? {
              corrupted: {
                kind: "prompt",
                input: input(view.corrupted),
                ...(view.alignment === undefined
                  ? {}
                  : { alignment: view.alignment.map(([clean, other]): [number, number] => [clean, other]) }),
              },
            }
          : {}),
      ...(examples.length === 0 ? {} : { examples }),
      method:
        setup === "ablation"
          ? {
              kind: "ablation",
              how: ablation.how,
              ...(ablation.greedy === 0 ? {} : { greedy: { steps: ablation.greedy, order: ablation.order } }),
            }
          : setup === "path"
            ? { kind: "path", receivers, mlps: view.mlps }
            : { kind: "patching", direction },
      panels: view.panels.map(panelOf),
      metric: view.metric,
      ...(estimate === "exact" ? {} : { estimate: { kind: estimate }, verify: view.verify }),
    },
  };
}

/** @returns the body of `attributeEdges` */
export function edgeRequest(view: SweepsView, model: string): Asked<EdgeAttributionRequest> {
  const fault = promptFault(view, true);
  if (fault !== undefined) return { fault };
  const lines = exampleLines(view.examples);
  const examples = lines.flatMap(({ clean, corrupted }) =>
    corrupted === undefined ? [] : [{ input: inputOf(view, clean), corrupted: inputOf(view, corrupted) }],
  );
  if (examples.length < lines.length) return { fault: "Every further prompt needs a tab and its corrupted one." };
  const { method, steps, circuits } = view.edges;
  return {
    request: {
      model,
      input: inputOf(view, view.prompt),
      corrupted: inputOf(view, view.corrupted),
      ...(examples.length === 0 ? {} : { examples }),
      metric: view.metric,
      method,
      ...(method === "integrated-gradients" ? { steps } : {}),
      verify: view.verify,
      ...(circuits.length === 0 ? {} : { circuits: [...circuits] }),
    },
  };
}

/** @returns the body of `attributeTokens` */
export function tokenRequest(view: SweepsView, model: string): Asked<TokenAttributionRequest> {
  const { method, steps, baseline } = view.tokens;
  const fault = promptFault(view, baseline === "prompt");
  if (fault !== undefined) return { fault };
  return {
    request: {
      model,
      input: inputOf(view, view.prompt),
      metric: view.metric,
      method,
      ...(method === "integrated-gradients" ? { steps } : {}),
      baseline: baseline === "prompt" ? { kind: baseline, input: inputOf(view, view.corrupted) } : { kind: baseline },
    },
  };
}

/** Whether the sweep is about two prompts. */
export function needsOther({ setup }: Pick<SweepsView, "setup">): boolean {
  return setup === "patching" || setup === "path";
}

function inputOf({ prependBos }: SweepsView, text: string): { text: string; prependBos?: boolean } {
  return { text, ...(prependBos === undefined ? {} : { prependBos }) };
}

function promptFault({ prompt, corrupted, metric }: SweepsView, needsPair: boolean): string | undefined {
  if (prompt === "") return "Type the clean prompt.";
  if (needsPair && corrupted === "") return "Type the corrupted prompt.";
  if ("token" in metric && metric.token === "") return "Choose the token that the metric reads.";
  return "minus" in metric && metric.minus === "" ? "Choose the token that is subtracted." : undefined;
}

function panelFault(panels: readonly PanelChoice[]): string | undefined {
  if (panels.length === 0) return "Choose at least one site.";
  for (const { site, by, groups } of panels) {
    const grouped = site === "neurons" || site === "features";
    if (grouped && readGroups(site, groups) === undefined)
      return `Groups of ${site} are written like “${site === "neurons" ? "L2: 5, 7-9; L3: 1" : "NAME: 5, 7; NAME: 1-3"}”.`;
    if (by.includes("group") && !grouped) return "Only neurons and features have groups.";
  }
  return undefined;
}

function panelOf({ site, by, window, groups }: PanelChoice): SweepPanel {
  const read = site === "neurons" || site === "features" ? readGroups(site, groups) : undefined;
  return {
    site,
    by: [...by],
    ...(window === 1 ? {} : { window }),
    ...(read === undefined ? {} : { groups: read }),
  };
}

/** `L2: 5, 7-9; L3: 1`, a group a part. Undefined where it cannot be read. */
export function readGroups(site: "neurons" | "features", text: string): SweepGroup[] | undefined {
  const parts = text.split(";").map((part) => part.trim());
  const groups: SweepGroup[] = [];
  for (const part of parts.filter((each) => each !== "")) {
    const [, owner = "", list = ""] = /^([^:]+):(.+)$/.exec(part) ?? [];
    const units = readUnits(list);
    const layer = /^L(\d{1,4})$/i.exec(owner.trim())?.[1];
    if (units === undefined || (site === "neurons" && layer === undefined)) return undefined;
    groups.push({
      name: part.slice(0, 200),
      members: [site === "neurons" ? { layer: Number(layer), units } : { dictionary: owner.trim(), units }],
    });
  }
  return groups.length === 0 ? undefined : groups;
}

function readUnits(text: string): number[] | undefined {
  const units: number[] = [];
  for (const part of text.split(",")) {
    const [, first, last] = /^\s*(\d{1,7})(?:\s*-\s*(\d{1,7}))?\s*$/.exec(part) ?? [];
    if (first === undefined) return undefined;
    const [low, high] = [Number(first), Number(last ?? first)];
    if (high < low || units.length + high - low >= 4096) return undefined;
    for (let unit = low; unit <= high; unit++) units.push(unit);
  }
  return units;
}

/** `q:L3.H2, mlp_in:L4, logits`. Undefined where it cannot be read, or where there is none. */
export function readReceivers(text: string): SweepReceiver[] | undefined {
  const receivers: SweepReceiver[] = [];
  for (const part of text.split(",").map((each) => each.trim())) {
    const match = /^(?:(q|k|v):L(\d{1,3})(?:\.H(\d{1,3}))?|(mlp_in):L(\d{1,3})|(logits))$/i.exec(part);
    if (match === null) return undefined;
    const [, projection, layer, head, mlp, mlpLayer] = match;
    if (projection !== undefined)
      receivers.push({
        site: projection.toLowerCase() as "q" | "k" | "v",
        layer: Number(layer),
        ...(head === undefined ? {} : { head: Number(head) }),
      });
    else receivers.push(mlp === undefined ? { site: "logits" } : { site: "mlp_in", layer: Number(mlpLayer) });
  }
  return receivers.length === 0 ? undefined : receivers;
}

export interface ExampleLine {
  /** From 1, counting empty lines too. */
  readonly line: number;
  readonly clean: string;
  readonly corrupted: string | undefined;
  /** Its own tokens, where the line has four columns. */
  readonly token: string | undefined;
  readonly minus: string | undefined;
}

/** Prompts one a line; tabs between clean, corrupted, token, minus. Empty lines are skipped. */
export function exampleLines(text: string): ExampleLine[] {
  return text.split(/\r?\n/).flatMap((content, i) => {
    if (content.trim() === "") return [];
    const [clean = "", corrupted, token, minus] = content.split("\t");
    const given = (field: string | undefined) => (field === undefined || field === "" ? undefined : field);
    return [{ line: i + 1, clean, corrupted: given(corrupted), token: given(token), minus: given(minus) }];
  });
}
