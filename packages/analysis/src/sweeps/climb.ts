/**
 * Many changed runs at once. Rows that begin to differ at the same position climb the blocks together: a row joins at the
 * layer where it leaves the unchanged run, and only positions from its first difference to the one that is read are computed,
 * behind the unchanged keys and values of those before.
 */
import {
  attentionMask,
  distanceBias,
  type Engine,
  rotaryTables,
  type SiteEdit,
  STAGE_VALUES,
} from "@patchbay/transformer";
import {
  axisIndex,
  ensureDefined,
  parseSite,
  selectAlong,
  type Tensor,
  type TensorData,
  tensor,
} from "@patchbay/vocabulary";
import { encodeFeatures } from "../dictionaries/encode-features.ts";
import type { BaseRun } from "./base-run.ts";
import {
  type BlockProgram,
  companionsOf,
  type EntryKind,
  entryProgram,
  lastProgram,
  throughProgram,
} from "./block-programs.ts";
import { applyEdit, editsAt, featureEdits, type RowChanges, type RowEdit, type RowStart } from "./rows.ts";
import { activeAt } from "./sources.ts";

const RESIDUAL = ["batch", "position", "residual"];

export interface ClimbingRow {
  readonly base: BaseRun;
  readonly start: RowStart;
  readonly changes: RowChanges;
}

/** Counted as the work goes on. */
export interface Work {
  rows: number;
  passes: number;
  blockTokens: number;
}

interface BlockFeeds {
  readonly layer: number;
  readonly residual: Tensor;
  /** Of the positions before the window. */
  readonly keys: Tensor;
  readonly values: Tensor;
  /** First position that asks. */
  readonly queries: number;
  readonly sites: ReadonlyMap<string, Tensor>;
}

interface Group {
  readonly rows: readonly number[];
  /** [row, position of the window, residual] */
  readonly data: Float32Array;
}

/**
 * Final residual streams, in the order of the rows: [row, 1, residual] at `read`, or [row, position, residual] of the whole
 * sequence where `read` is undefined. All rows start at the same position.
 * @throws PatchbayError `cancelled`
 */
export async function climb(
  engine: Engine,
  rows: readonly ClimbingRow[],
  read: number | undefined,
  work: Work,
  signal: AbortSignal,
): Promise<Tensor> {
  const first = ensureDefined(rows[0]);
  const { length } = first.base;
  if (engine.model.shape.direction === "bidirectional") {
    // Every position reads every other: nothing can be left out, and what is read is picked at the end.
    const whole = await new Climber(engine, rows, 0, length, false, work, signal).run();
    return read === undefined ? whole : selectAlong(whole, "position", [read]);
  }
  const end = (read ?? length - 1) + 1;
  return new Climber(engine, rows, first.start.position, end, read !== undefined, work, signal).run();
}

class Climber {
  readonly #engine: Engine;
  readonly #rows: readonly ClimbingRow[];
  /** The window: positions from #from to #end, without #end. */
  readonly #from: number;
  readonly #end: number;
  /** Whether only the window's last position is read. */
  readonly #lastOnly: boolean;
  readonly #work: Work;
  readonly #signal: AbortSignal;
  readonly #width: number;
  readonly #layers: number;

  constructor(
    engine: Engine,
    rows: readonly ClimbingRow[],
    from: number,
    end: number,
    lastOnly: boolean,
    work: Work,
    signal: AbortSignal,
  ) {
    this.#engine = engine;
    this.#rows = rows;
    this.#from = from;
    this.#end = end;
    this.#lastOnly = lastOnly;
    this.#work = work;
    this.#signal = signal;
    this.#width = engine.model.shape.residualWidth;
    this.#layers = engine.model.shape.layers;
  }

  get #window(): number {
    return this.#end - this.#from;
  }

  async run(): Promise<Tensor> {
    this.#work.rows += this.#rows.length;
    let state: Group = { rows: [], data: new Float32Array(0) };
    const lowest = Math.min(...this.#rows.map(({ start }) => start.layer));
    for (let layer = lowest; layer < this.#layers; layer++) state = await this.#block(layer, state);
    state = this.#finalEdits(state);
    return this.#inOrder(state);
  }

  async #block(layer: number, state: Group): Promise<Group> {
    const joining = this.#rows.flatMap(({ start }, row) => (start.layer === layer ? [row] : []));
    const residual = joining.filter((row) => this.#row(row).start.at === "residual");
    const whole = joining.filter((row) => this.#row(row).start.at === "block");
    const behind = joining.filter((row) => !residual.includes(row) && !whole.includes(row));
    const before = joinGroups([
      state,
      this.#startFromBase(layer, residual, true),
      this.#startFromBase(layer, whole, false),
    ]);

    const edited = before.rows.filter((row) => this.#isEdited(row, layer) && !residual.includes(row));
    const plain = before.rows.filter((row) => !edited.includes(row));
    const groups: Group[] = [];
    if (plain.length > 0) groups.push(await this.#through(layer, this.#pick(before, plain)));
    if (edited.length > 0) groups.push(await this.#withEdits(layer, this.#pick(before, edited)));
    for (const [kind, members] of groupBy(behind, (row) => this.#row(row).start.at as EntryKind)) {
      for (const [base, own] of groupBy(members, (row) => this.#row(row).base)) {
        groups.push(await this.#enter(layer, kind, base, own));
      }
    }
    return joinGroups(groups);
  }

  #row(row: number): ClimbingRow {
    return ensureDefined(this.#rows[row]);
  }

  #isEdited(row: number, layer: number): boolean {
    const { changes } = this.#row(row);
    return editsAt(changes, layer, this.#layers).length > 0 || changes.pending.some((each) => each.layer === layer);
  }

  /** Rows of the unchanged run's residual stream before a block; `withEdits`: edited there. */
  #startFromBase(layer: number, rows: readonly number[], withEdits: boolean): Group {
    const size = this.#window * this.#width;
    const data = new Float32Array(rows.length * size);
    rows.forEach((row, i) => {
      const { base, changes } = this.#row(row);
      const value = this.#cut(base.value({ kind: "hook_resid_pre", layer }));
      const own = data.subarray(i * size, (i + 1) * size);
      own.set(value.data);
      if (withEdits) for (const edit of editsAt(changes, layer, this.#layers)) applyEdit(edit, value, own, this.#from);
    });
    return { rows, data };
  }

  async #through(layer: number, { rows, data }: Group): Promise<Group> {
    const { model } = this.#engine;
    const last = this.#lastOnly && layer === this.#layers - 1 && this.#window > 1 ? lastProgram(model) : undefined;
    const found = last ?? throughProgram(model, layer);
    const bases = rows.map((row) => this.#row(row).base);
    const residual = tensor(RESIDUAL, [rows.length, this.#window, this.#width], data);
    const past = { keys: this.#past(layer, bases, "keys"), values: this.#past(layer, bases, "values") };
    const queries = last === undefined ? this.#from : this.#end - 1;
    const made = await this.#evaluate(found, { layer, residual, ...past, queries, sites: new Map() }, rows.length);
    return this.#narrowed(layer, rows, made);
  }

  /** From the value of one site on: the rows' own values there, one row of the unchanged run for everything else. */
  async #enter(layer: number, kind: EntryKind, base: BaseRun, rows: readonly number[]): Promise<Group> {
    const { model } = this.#engine;
    const like = this.#cut(base.value({ kind, layer }));
    const size = like.data.length;
    const data = new Float32Array(rows.length * size);
    rows.forEach((row, i) => {
      const own = data.subarray(i * size, (i + 1) * size);
      own.set(like.data);
      for (const edit of editsAt(this.#row(row).changes, layer, this.#layers)) applyEdit(edit, like, own, this.#from);
    });
    const sites = new Map<string, Tensor>([[kind, tensor(like.axes, [rows.length, ...like.shape.slice(1)], data)]]);
    for (const each of companionsOf(model, kind)) sites.set(each, this.#cut(base.value({ kind: each, layer })));
    // Keys and values are joined to those before them row by row; everything else is broadcast.
    const repeated = (of: EntryKind) => (kind === of ? rows.map(() => base) : [base]);
    const made = await this.#evaluate(
      entryProgram(model, layer, kind),
      {
        layer,
        residual: this.#cut(base.value({ kind: "hook_resid_pre", layer })),
        keys: this.#past(layer, repeated("attn.hook_k"), "keys"),
        values: this.#past(layer, repeated("attn.hook_v"), "values"),
        queries: this.#from,
        sites,
      },
      rows.length,
    );
    return this.#narrowed(layer, rows, made);
  }

  /** The block with every edit that it may hold, over the whole sequence: the engine's own way, for rows that need it. */
  async #withEdits(layer: number, { rows, data }: Group): Promise<Group> {
    const length = this.#row(rows[0] ?? 0).base.length;
    const whole = new Float32Array(rows.length * length * this.#width);
    const size = this.#window * this.#width;
    rows.forEach((row, i) => {
      const own = whole.subarray(i * length * this.#width, (i + 1) * length * this.#width);
      own.set(this.#row(row).base.value({ kind: "hook_resid_pre", layer }).data);
      own.set(data.subarray(i * size, (i + 1) * size), this.#from * this.#width);
    });
    const from = { layer, residual: tensor(RESIDUAL, [rows.length, length, this.#width], whole) };
    const edits = rows.flatMap((row, i) =>
      editsAt(this.#row(row).changes, layer, this.#layers).map((edit) => ofRow(edit, i)),
    );
    edits.push(...(await this.#featureEdits(layer, rows, from, edits)));
    this.#count(rows.length * length);
    const pass = await this.#engine.forward({ tokens: [], from, edits, until: layer + 1, signal: this.#signal });
    const made = new Float32Array(rows.length * size);
    rows.forEach((_, i) => {
      const start = (i * length + this.#from) * this.#width;
      made.set(pass.residual.data.subarray(start, start + size), i * size);
    });
    return this.#narrowed(layer, rows, { data: made, positions: this.#window });
  }

  /** Features of this block as the rows have them now, changed. What a cross-layer feature writes above is left for there. */
  async #featureEdits(
    layer: number,
    rows: readonly number[],
    from: { layer: number; residual: Tensor },
    inForce: readonly SiteEdit[],
  ): Promise<SiteEdit[]> {
    const edits: SiteEdit[] = [];
    const waiting = rows.flatMap((row, i) =>
      this.#row(row).changes.pending.flatMap((each) => (each.layer === layer ? [{ row, i, ...each }] : [])),
    );
    for (const [dictionary, own] of groupBy(waiting, ({ place }) => place.dictionary)) {
      const { reads } = await this.#engine.forward({
        tokens: [],
        from,
        edits: inForce,
        reads: [{ site: parseSite(dictionary.spec.inputSite) }],
        until: layer + 1,
        signal: this.#signal,
      });
      this.#work.passes += 1;
      const value = ensureDefined(reads[0]);
      const length = value.shape[1] ?? 0;
      const width = value.data.length / rows.length / length;
      for (const { row, i, place, targets } of own) {
        const mine = value.data.subarray(i * length * width, (i + 1) * length * width);
        const input = tensor(["row", "input"], [length, width], mine);
        const features = await encodeFeatures(this.#engine, dictionary, input, this.#signal);
        const present = place.positions.map((position) => activeAt(features, position));
        for (const edit of await featureEdits(place, targets, present)) {
          if (edit.site.layer === layer) edits.push(ofRow(edit, i));
          else this.#row(row).changes.edits.push(edit);
        }
      }
    }
    return edits;
  }

  /** Rows of which only the final residual stream differs. */
  #finalEdits(state: Group): Group {
    const rows = this.#rows.flatMap(({ start }, row) => (start.layer === this.#layers ? [row] : []));
    const size = this.#outputPositions * this.#width;
    const data = new Float32Array(rows.length * size);
    rows.forEach((row, i) => {
      const { base } = this.#row(row);
      data.set(this.#cut(base.final).data.subarray(-size), i * size);
    });
    const joined = joinGroups([state, { rows, data }]);
    const first = this.#end - this.#outputPositions;
    joined.rows.forEach((row, i) => {
      const like = tensor(
        RESIDUAL,
        [1, this.#outputPositions, this.#width],
        joined.data.subarray(i * size, (i + 1) * size),
      );
      for (const edit of editsAt(this.#row(row).changes, this.#layers, this.#layers)) {
        applyEdit(edit, like, like.data, first);
      }
    });
    return joined;
  }

  get #outputPositions(): number {
    return this.#lastOnly ? 1 : this.#window;
  }

  #inOrder({ rows, data }: Group): Tensor {
    const size = this.#outputPositions * this.#width;
    const head = this.#lastOnly ? 0 : this.#from * this.#width;
    const result = new Float32Array(rows.length * (head + size));
    rows.forEach((row, i) => {
      const start = row * (head + size);
      if (head > 0) result.set(this.#row(row).base.final.data.subarray(0, head), start);
      result.set(data.subarray(i * size, (i + 1) * size), start + head);
    });
    return tensor(RESIDUAL, [rows.length, (head + size) / this.#width, this.#width], result);
  }

  /** Behind the last block only the positions that are read are kept. */
  #narrowed(layer: number, rows: readonly number[], made: { data: Float32Array; positions: number }): Group {
    const wanted = layer === this.#layers - 1 ? this.#outputPositions : this.#window;
    if (made.positions === wanted) return { rows, data: made.data };
    const data = new Float32Array(rows.length * this.#width);
    rows.forEach((_, i) => {
      const start = ((i + 1) * made.positions - 1) * this.#width;
      data.set(made.data.subarray(start, start + this.#width), i * this.#width);
    });
    return { rows, data };
  }

  #pick(group: Group, rows: readonly number[]): Group {
    if (rows.length === group.rows.length) return group;
    const size = this.#window * this.#width;
    const data = new Float32Array(rows.length * size);
    rows.forEach((row, i) => {
      const at = group.rows.indexOf(row);
      data.set(group.data.subarray(at * size, (at + 1) * size), i * size);
    });
    return { rows, data };
  }

  /** The window of a value: its positions, and of a pattern its keys up to the last that matters. */
  #cut(value: Tensor): Tensor {
    const { axes } = value;
    if (axes.includes("query")) {
      const queries = between(value, "query", this.#from, this.#end);
      return between(queries, "key", 0, this.#end);
    }
    return between(value, "position", this.#from, this.#end);
  }

  /** Keys or values of the positions before the window, [time, row, key_value_head, head_dimension]. */
  #past(layer: number, bases: readonly BaseRun[], what: "keys" | "values"): Tensor {
    const { keyValueHeads, headWidth } = this.#engine.model.shape;
    const size = keyValueHeads * headWidth;
    const data = new Float32Array(this.#from * bases.length * size);
    const held = bases.map((base) => (what === "keys" ? base.keys(layer) : base.cachedValues(layer)).data);
    for (let time = 0; time < this.#from; time++) {
      held.forEach((each, row) => {
        data.set(each.subarray(time * size, (time + 1) * size), (time * bases.length + row) * size);
      });
    }
    const axes = ["time", "batch", "key_value_head", "head_dimension"];
    return tensor(axes, [this.#from, bases.length, keyValueHeads, headWidth], data);
  }

  async #evaluate(
    { program, feeds: wanted }: BlockProgram,
    given: BlockFeeds,
    rows: number,
  ): Promise<{ data: Float32Array; positions: number }> {
    const stage = this.#stageFeeds(given);
    const feeds = Object.fromEntries(
      wanted.map(({ name, is }) => [
        name,
        ensureDefined(is === "residual" ? given.residual : is === "stage" ? stage[name] : given.sites.get(is), name),
      ]),
    );
    this.#count(rows * this.#window);
    const outputs = await this.#engine.evaluate(program, feeds, [STAGE_VALUES.nextResidual], this.#signal);
    const made = ensureDefined(outputs[STAGE_VALUES.nextResidual]);
    return { data: made.data, positions: made.data.length / rows / this.#width };
  }

  /** What a block takes beside streams and sites: masks, and where the window stands. Graphs name what they use. */
  #stageFeeds({ layer, queries, keys, values }: BlockFeeds): Record<string, Tensor<TensorData>> {
    const { shape } = this.#engine.model;
    const window = range(this.#from, this.#end);
    const asking = range(queries, this.#end);
    const mask = tensor(
      ["batch", "head", "query", "key"],
      [1, 1, asking.length, this.#end],
      attentionMask(shape, layer, asking, this.#end),
    );
    const feeds: Record<string, Tensor<TensorData>> = {
      [STAGE_VALUES.mask]: mask,
      [STAGE_VALUES.localMask]: mask,
      [STAGE_VALUES.pastKeys]: keys,
      [STAGE_VALUES.pastValues]: values,
    };
    const { positions } = shape;
    if (positions.kind === "rotary") {
      const { cosines, sines } = rotaryTables(positions.rotary, window);
      feeds[STAGE_VALUES.cosines] = cosines;
      feeds[STAGE_VALUES.sines] = sines;
    } else if (positions.kind === "shortformer") {
      const indices = BigInt64Array.from(window, BigInt);
      feeds[STAGE_VALUES.positions] = tensor(["batch", "position"], [1, window.length], indices);
    } else if (positions.kind === "alibi") {
      const bias = distanceBias(positions.slopes, asking, this.#end);
      const axes = ["batch", "head", "query", "key"];
      feeds[STAGE_VALUES.scoreBias] = tensor(axes, [1, shape.heads, asking.length, this.#end], bias);
    }
    return feeds;
  }

  #count(tokens: number): void {
    this.#work.passes += 1;
    this.#work.blockTokens += tokens;
  }
}

function range(from: number, end: number): number[] {
  return Array.from({ length: end - from }, (_, i) => from + i);
}

function ofRow(edit: RowEdit, row: number): SiteEdit {
  return { ...edit, rows: [row] };
}

function joinGroups(groups: readonly Group[]): Group {
  const filled = groups.filter(({ rows }) => rows.length > 0);
  const [only] = filled;
  if (filled.length === 1 && only !== undefined) return only;
  const data = new Float32Array(filled.reduce((sum, group) => sum + group.data.length, 0));
  let at = 0;
  for (const group of filled) {
    data.set(group.data, at);
    at += group.data.length;
  }
  return { rows: filled.flatMap(({ rows }) => rows), data };
}

/** Contiguous indices of one axis; the value itself where these are all. */
function between(value: Tensor, axis: string, from: number, end: number): Tensor {
  const at = axisIndex(value, axis);
  const length = value.shape[at] ?? 0;
  if (from === 0 && end === length) return value;
  const inner = value.shape.slice(at + 1).reduce((product, each) => product * each, 1);
  const outer = value.shape.slice(0, at).reduce((product, each) => product * each, 1);
  const kept = (end - from) * inner;
  const shape = value.shape.map((each, i) => (i === at ? end - from : each));
  if (outer === 1) return tensor(value.axes, shape, value.data.subarray(from * inner, end * inner));
  const data = new Float32Array(outer * kept);
  for (let o = 0; o < outer; o++) {
    data.set(value.data.subarray(o * length * inner + from * inner, o * length * inner + end * inner), o * kept);
  }
  return tensor(value.axes, shape, data);
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const held = groups.get(key);
    if (held === undefined) groups.set(key, [item]);
    else held.push(item);
  }
  return groups;
}
