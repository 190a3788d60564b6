/**
 * On which tokens a unit is strongest: sums of its activation by token, in bounded lists.
 *
 * Sums are exact within a *block* of text (as much as its buffer holds: in small models, a shard). Of a block each unit keeps
 * the BLOCK_TOKENS tokens with the highest mean there; lists are added up, and cut again to the highest mean so far. What a
 * token lost by being cut counts as 0. So a resulting mean is wrong by m·(share of the token's occurrences in blocks that cut
 * it), with m its mean there, which is no higher than the BLOCK_TOKENS-th mean of such a block: too low where m > 0 (always so for
 * features ≥ 0), too high where m < 0. Tokens on which a unit is really strong are near the top of every block.
 */

export const BLOCK_TOKENS = 32;

/** For each unit a list of tokens in rising order, as compressed rows. Sums are over occurrences of the token. */
export interface TokenSums {
  /** [unit + 1] */
  readonly starts: Int32Array;
  readonly tokens: Int32Array;
  readonly sums: Float32Array;
}

export function emptyTokenSums(units: number): TokenSums {
  return { starts: new Int32Array(units + 1), tokens: new Int32Array(0), sums: new Float32Array(0) };
}

/**
 * Adds two lists of each unit, keeping at most `capacity` tokens: those with the highest mean.
 * @param seen [token]: occurrences in all text that either stands for.
 */
export function addTokenSums(a: TokenSums, b: TokenSums, seen: Uint32Array, capacity: number): TokenSums {
  const units = a.starts.length - 1;
  const list = new TokenList(a.tokens.length + b.tokens.length);
  const sums = new TokenSumsBuilder(units, a.tokens.length + b.tokens.length);
  for (let unit = 0; unit < units; unit++) {
    list.clear();
    let i = a.starts[unit] ?? 0;
    let j = b.starts[unit] ?? 0;
    const endOfA = a.starts[unit + 1] ?? 0;
    const endOfB = b.starts[unit + 1] ?? 0;
    while (i < endOfA || j < endOfB) {
      const tokenOfA = i < endOfA ? (a.tokens[i] ?? 0) : Number.POSITIVE_INFINITY;
      const tokenOfB = j < endOfB ? (b.tokens[j] ?? 0) : Number.POSITIVE_INFINITY;
      const token = Math.min(tokenOfA, tokenOfB);
      const sum = (tokenOfA === token ? (a.sums[i++] ?? 0) : 0) + (tokenOfB === token ? (b.sums[j++] ?? 0) : 0);
      list.push(token, sum, sum / (seen[token] ?? 1));
    }
    sums.append(list, capacity);
  }
  return sums.finish();
}

/** Tokens of one unit with sums and means; allocated once. */
class TokenList {
  readonly tokens: Int32Array;
  readonly sums: Float64Array;
  readonly means: Float64Array;
  length = 0;

  constructor(capacity: number) {
    this.tokens = new Int32Array(capacity);
    this.sums = new Float64Array(capacity);
    this.means = new Float64Array(capacity);
  }

  clear(): void {
    this.length = 0;
  }

  push(token: number, sum: number, mean: number): void {
    this.tokens[this.length] = token;
    this.sums[this.length] = sum;
    this.means[this.length++] = mean;
  }
}

class TokenSumsBuilder {
  private readonly starts: Int32Array;
  private readonly tokens: Int32Array;
  private readonly sums: Float32Array;
  private readonly best: number[] = [];
  private unit = 0;
  private count = 0;

  constructor(units: number, capacity: number) {
    this.starts = new Int32Array(units + 1);
    this.tokens = new Int32Array(capacity);
    this.sums = new Float32Array(capacity);
  }

  /** The next unit's list: its tokens of the highest mean, in rising order of the token. */
  append(list: TokenList, capacity: number): void {
    if (list.length <= capacity) for (let i = 0; i < list.length; i++) this.push(list, i);
    else for (const i of this.highest(list, capacity)) this.push(list, i);
    this.starts[++this.unit] = this.count;
  }

  finish(): TokenSums {
    return { starts: this.starts, tokens: this.tokens.slice(0, this.count), sums: this.sums.slice(0, this.count) };
  }

  private push({ tokens, sums }: TokenList, i: number): void {
    this.tokens[this.count] = tokens[i] ?? 0;
    this.sums[this.count++] = sums[i] ?? 0;
  }

  /** Places in the list, rising. Of equal means the first (the smaller token) stays. */
  private highest({ means, length }: TokenList, capacity: number): number[] {
    const { best } = this;
    best.length = 0;
    let lowest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < length; i++) {
      const mean = means[i] ?? 0;
      if (best.length === capacity) {
        if (mean <= lowest) continue;
        best.pop();
      }
      let at = best.length;
      best.push(i);
      for (; at > 0 && (means[best[at - 1] ?? 0] ?? 0) < mean; at--) best[at] = best[at - 1] ?? 0;
      best[at] = i;
      lowest = means[best[best.length - 1] ?? 0] ?? 0;
    }
    return best.sort((a, b) => a - b);
  }
}

/** How many tokens a unit keeps of a shard. */
const SHARD_TOKENS_KEPT = 48;

/** What both kinds of blocks share: counts of the text since the block began and since the shard began. */
abstract class TokenBlocks {
  protected readonly units: number;
  /** [token]: how often it occurs in the block. */
  protected readonly inBlock: Uint32Array;
  private readonly inShard: Uint32Array;
  private total: TokenSums;

  constructor(units: number, vocabulary: number) {
    this.units = units;
    this.inBlock = new Uint32Array(vocabulary);
    this.inShard = new Uint32Array(vocabulary);
    this.total = emptyTokenSums(units);
  }

  /** All lists so far. */
  finish(): TokenSums {
    this.flush();
    return this.total;
  }

  protected count(token: number): void {
    this.inBlock[token] = (this.inBlock[token] ?? 0) + 1;
  }

  protected flush(): void {
    const block = this.takeBlock();
    for (const [token, count] of this.inBlock.entries()) {
      if (count > 0) this.inShard[token] = (this.inShard[token] ?? 0) + count;
    }
    this.inBlock.fill(0);
    this.total = addTokenSums(this.total, block, this.inShard, SHARD_TOKENS_KEPT);
  }

  protected abstract takeBlock(): TokenSums;
}

/** Floats of a dense block's table: 8 MiB. */
const TABLE_SIZE = 2 ** 21;

/** Sums of units that have a value on every token (neurons): a table [token of the block × unit]. */
export class DenseTokenBlocks extends TokenBlocks {
  readonly table: Float32Array;
  /** [token]: row of the table + 1, or 0. */
  private readonly rows: Int32Array;
  private readonly rowTokens: Int32Array;
  private used = 0;

  constructor(units: number, vocabulary: number) {
    super(units, vocabulary);
    const rows = Math.min(vocabulary, Math.max(16, Math.floor(TABLE_SIZE / units)));
    this.table = new Float32Array(rows * units);
    this.rows = new Int32Array(vocabulary);
    this.rowTokens = new Int32Array(rows);
  }

  /** Where to add the activations of an occurrence of a token: offset into `table` of its first unit. */
  offsetFor(token: number): number {
    let row = (this.rows[token] ?? 0) - 1;
    if (row < 0) {
      if (this.used === this.rowTokens.length) this.flush();
      row = this.used++;
      this.rowTokens[row] = token;
      this.rows[token] = row + 1;
    }
    this.count(token);
    return row * this.units;
  }

  protected takeBlock(): TokenSums {
    const { table, used, units, inBlock } = this;
    const tokens = this.rowTokens.slice(0, used).sort();
    const offsets = Int32Array.from(tokens, (token) => ((this.rows[token] ?? 0) - 1) * units);
    const list = new TokenList(used);
    const block = new TokenSumsBuilder(units, units * Math.min(used, BLOCK_TOKENS));
    for (let unit = 0; unit < units; unit++) {
      list.clear();
      for (let i = 0; i < used; i++) {
        const sum = table[(offsets[i] ?? 0) + unit] ?? 0;
        const token = tokens[i] ?? 0;
        if (sum !== 0) list.push(token, sum, sum / (inBlock[token] ?? 1));
      }
      block.append(list, BLOCK_TOKENS);
    }
    table.fill(0, 0, used * units);
    this.rows.fill(0);
    this.used = 0;
    return block.finish();
  }
}

/** Entries of a sparse block's log: 12 MiB. */
const LOG_LENGTH = 2 ** 20;

/** Sums of units that are 0 on most tokens (features): a log of activations, sorted when it is full. */
export class SparseTokenBlocks extends TokenBlocks {
  private readonly loggedUnits = new Int32Array(LOG_LENGTH);
  private readonly loggedTokens = new Int32Array(LOG_LENGTH);
  private readonly loggedValues = new Float32Array(LOG_LENGTH);
  private used = 0;
  private readonly sums: Float64Array;

  constructor(units: number, vocabulary: number) {
    super(units, vocabulary);
    this.sums = new Float64Array(vocabulary);
  }

  /** Before the activations of one occurrence, of which there are `firing` at most. */
  begin(token: number, firing: number): void {
    if (this.used + firing > LOG_LENGTH) this.flush();
    this.count(token);
  }

  add(unit: number, token: number, value: number): void {
    this.loggedUnits[this.used] = unit;
    this.loggedTokens[this.used] = token;
    this.loggedValues[this.used++] = value;
  }

  protected takeBlock(): TokenSums {
    const { units, used, loggedUnits, loggedTokens, loggedValues, inBlock, sums } = this;
    const { starts, order } = sortByUnit(loggedUnits, used, units);
    const list = new TokenList(used);
    const block = new TokenSumsBuilder(units, used);
    for (let unit = 0; unit < units; unit++) {
      const from = starts[unit] ?? 0;
      const to = starts[unit + 1] ?? 0;
      const found: number[] = [];
      for (let i = from; i < to; i++) {
        const entry = order[i] ?? 0;
        const token = loggedTokens[entry] ?? 0;
        const sum = sums[token] ?? 0;
        if (sum === 0) found.push(token);
        sums[token] = sum + (loggedValues[entry] ?? 0);
      }
      list.clear();
      // A sum that came back to exactly 0 in between is listed twice; the second time it is 0.
      for (const token of found.sort((a, b) => a - b)) {
        const sum = sums[token] ?? 0;
        if (sum !== 0) list.push(token, sum, sum / (inBlock[token] ?? 1));
        sums[token] = 0;
      }
      block.append(list, BLOCK_TOKENS);
    }
    this.used = 0;
    return block.finish();
  }
}

/** Counting sort, stable: `order` lists entries of unit u at starts[u] … starts[u + 1]. */
function sortByUnit(unitsOfEntries: Int32Array, count: number, units: number) {
  const starts = new Int32Array(units + 1);
  for (let i = 0; i < count; i++) {
    const unit = unitsOfEntries[i] ?? 0;
    starts[unit + 1] = (starts[unit + 1] ?? 0) + 1;
  }
  for (let unit = 0; unit < units; unit++) starts[unit + 1] = (starts[unit + 1] ?? 0) + (starts[unit] ?? 0);
  const next = starts.slice();
  const order = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const unit = unitsOfEntries[i] ?? 0;
    const at = next[unit] ?? 0;
    order[at] = i;
    next[unit] = at + 1;
  }
  return { starts, order };
}
