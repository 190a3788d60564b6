/**
 * How a stage's graph exposes its hook sites. The code that builds a block calls `at(site, value)` at every site and goes
 * on with what it gets back; the two implementations decide what a hook costs.
 *
 * - `ReadableHooks`: every site is an output of the graph. Nothing is added, so an unused hook costs nothing.
 * - `WritableHooks`: every site can also be edited (a ← a·scale + offset at given elements) and read in part (some
 *   positions, some units). Edits of all sites of a stage arrive packed in a few inputs, cut apart by length; empty pieces
 *   leave the value untouched bit for bit.
 */
import type { GraphBuilder, ValueName } from "@patchbay/onnx-graph";
import { ensureDefined, SITES, type SiteKind } from "@patchbay/vocabulary";

export interface SiteOutput {
  readonly kind: SiteKind;
  /** The whole value. */
  readonly whole: ValueName;
  /** Only the positions and units asked for; undefined in a readable stage. */
  readonly selected: ValueName | undefined;
}

export interface Hooks {
  readonly sites: readonly SiteOutput[];
  /** `finish` is applied after an edit and before a read (the causal mask of attention scores). */
  at(kind: SiteKind, value: ValueName, finish?: (value: ValueName) => ValueName): ValueName;
}

/** No hooks at all: for building the same model as one plain graph, to compare with. */
export class NoHooks implements Hooks {
  readonly sites: readonly SiteOutput[] = [];
  at(_kind: SiteKind, value: ValueName, finish: (value: ValueName) => ValueName = (same) => same): ValueName {
    return finish(value);
  }
}

export class ReadableHooks implements Hooks {
  readonly sites: SiteOutput[] = [];
  readonly #graph: GraphBuilder;
  readonly #prefix: string;

  /** `prefix` keeps names apart where one graph holds several blocks. */
  constructor(graph: GraphBuilder, prefix = "") {
    this.#graph = graph;
    this.#prefix = prefix;
  }

  at(kind: SiteKind, value: ValueName, finish: (value: ValueName) => ValueName = (same) => same): ValueName {
    const whole = finish(value);
    // An output must be a computed value of its own: the stage's input and values with two roles pass through Identity.
    const needsName = kind === "hook_resid_pre" || this.sites.some((site) => site.whole === whole);
    this.sites.push({
      kind,
      whole: this.#graph.output(whole, "float32", SITES[kind].axes, needsName ? `${this.#prefix}${kind}` : undefined),
      selected: undefined,
    });
    return whole;
  }
}

/** Names of the packed inputs. `…3` and `…4` are for sites with three and four axes. */
export const EDIT_INPUTS = {
  3: { index: "edit_index_3", lengths: "edit_lengths_3", scale: "edit_scale_3", offset: "edit_offset_3" },
  4: { index: "edit_index_4", lengths: "edit_lengths_4", scale: "edit_scale_4", offset: "edit_offset_4" },
} as const;
export const SELECTION_INPUTS = {
  positions: "selected_positions",
  positionLengths: "selected_position_lengths",
  units: "selected_units",
  unitLengths: "selected_unit_lengths",
} as const;

interface Pieces {
  readonly index: ValueName;
  readonly scale: ValueName;
  readonly offset: ValueName;
}

export class WritableHooks implements Hooks {
  readonly sites: SiteOutput[] = [];
  readonly #graph: GraphBuilder;
  readonly #edits = new Map<SiteKind, Pieces>();
  readonly #selections = new Map<SiteKind, { positions: ValueName; units: ValueName }>();

  /** `kinds`: the sites of this stage in order; packed inputs hold one piece for each. */
  constructor(graph: GraphBuilder, kinds: readonly SiteKind[]) {
    this.#graph = graph;
    for (const rank of [3, 4] as const) this.#declareEdits(rank, sitesOfRank(kinds, rank));
    this.#declareSelections(kinds);
  }

  at(kind: SiteKind, value: ValueName, finish: (value: ValueName) => ValueName = (same) => same): ValueName {
    const g = this.#graph;
    const edit = ensureDefined(this.#edits.get(kind), `edit inputs of ${kind}`);
    const current = g.gatherByIndex(value, edit.index);
    const edited = finish(g.scatterByIndex(value, edit.index, g.add(g.multiply(current, edit.scale), edit.offset)));

    const { axes, positionAxis, unitAxis } = SITES[kind];
    const { positions, units } = ensureDefined(this.#selections.get(kind), `selection inputs of ${kind}`);
    const axisNames: readonly string[] = axes;
    const selected = g.gather(
      g.gather(edited, positions, axisNames.indexOf(positionAxis)),
      units,
      axisNames.indexOf(unitAxis),
    );
    this.sites.push({
      kind,
      whole: g.output(edited, "float32", axes),
      selected: g.output(
        selected,
        "float32",
        axes.map((axis) => (axis === positionAxis || axis === unitAxis ? `${kind}:${axis}` : axis)),
      ),
    });
    return edited;
  }

  #declareEdits(rank: 3 | 4, kinds: readonly SiteKind[]): void {
    if (kinds.length === 0) return;
    const g = this.#graph;
    const names = EDIT_INPUTS[rank];
    const lengths = g.input(names.lengths, "int64", [kinds.length]);
    const indices = g.split(g.input(names.index, "int64", [`edits${rank}`, rank]), lengths, 0, kinds.length);
    const scales = g.split(g.input(names.scale, "float32", [`edits${rank}`]), lengths, 0, kinds.length);
    const offsets = g.split(g.input(names.offset, "float32", [`edits${rank}`]), lengths, 0, kinds.length);
    kinds.forEach((kind, i) => {
      this.#edits.set(kind, { index: indices[i] ?? "", scale: scales[i] ?? "", offset: offsets[i] ?? "" });
    });
  }

  #declareSelections(kinds: readonly SiteKind[]): void {
    const g = this.#graph;
    const positionLengths = g.input(SELECTION_INPUTS.positionLengths, "int64", [kinds.length]);
    const unitLengths = g.input(SELECTION_INPUTS.unitLengths, "int64", [kinds.length]);
    const positions = g.split(
      g.input(SELECTION_INPUTS.positions, "int64", ["positions"]),
      positionLengths,
      0,
      kinds.length,
    );
    const units = g.split(g.input(SELECTION_INPUTS.units, "int64", ["units"]), unitLengths, 0, kinds.length);
    kinds.forEach((kind, i) => {
      this.#selections.set(kind, { positions: positions[i] ?? "", units: units[i] ?? "" });
    });
  }
}

export function sitesOfRank(kinds: readonly SiteKind[], rank: 3 | 4): SiteKind[] {
  return kinds.filter((kind) => SITES[kind].axes.length === rank);
}
