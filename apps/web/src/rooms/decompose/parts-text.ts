/** Small notations of the Decompose room's addresses and fields: parts joined by "|", tokens, heads and MLPs. */

/** "|" between parts; one inside a part is "\|", a backslash "\\". */
export function joinParts(parts: readonly string[]): string {
  return parts.map((part) => part.replaceAll("\\", "\\\\").replaceAll("|", "\\|")).join("|");
}

export function splitParts(text: string): string[] {
  const parts = [""];
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === "|") parts.push("");
    else {
      const escaped = character === "\\" && i + 1 < text.length;
      if (escaped) i += 1;
      parts[parts.length - 1] += escaped ? text.charAt(i) : character;
    }
  }
  return parts;
}

/** A token is its text; "#365" is an id, and a text that begins with "#" has one "#" more. */
export function writeToken(token: string | number): string {
  if (typeof token === "number") return `#${token}`;
  return token.startsWith("#") ? `#${token}` : token;
}

/** undefined for the empty text, and for a "#" that no id follows. */
export function readToken(text: string): string | number | undefined {
  if (text === "") return undefined;
  if (text.startsWith("##")) return text.slice(1);
  if (!text.startsWith("#")) return text;
  return /^#\d{1,8}$/.test(text) ? Number(text.slice(1)) : undefined;
}

/** A word that follows a prompt: it gets the space that stands before it; "^" keeps the text exactly as it is, "#365" is an id. */
export function readWord(cell: string): string | number | undefined {
  if (cell.startsWith("^")) return cell.length === 1 ? undefined : cell.slice(1);
  if (cell.startsWith("#")) return readToken(cell);
  return cell === "" ? undefined : ` ${cell}`;
}

export interface NamedParts {
  readonly heads: readonly (readonly [layer: number, head: number])[];
  readonly mlps: readonly number[];
  readonly unread: readonly string[];
}

/** `L4H4 L5H1 M0 L3.mlp` in any order, divided by spaces, commas or line breaks. */
export function readComponents(text: string): NamedParts {
  const heads: [number, number][] = [];
  const mlps: number[] = [];
  const unread: string[] = [];
  for (const word of text.split(/[\s,;]+/).filter((part) => part !== "")) {
    const head = /^L(\d{1,3})\.?H(\d{1,4})$/i.exec(word);
    const mlp = /^(?:M(\d{1,3})|L(\d{1,3})\.?(?:M|mlp)|(\d{1,3})_mlp_out)$/i.exec(word);
    if (head !== null) heads.push([Number(head[1]), Number(head[2])]);
    else if (mlp !== null) mlps.push(Number(mlp[1] ?? mlp[2] ?? mlp[3]));
    else unread.push(word);
  }
  return { heads, mlps, unread };
}

export function headName(layer: number, head: number): string {
  return `L${layer}H${head}`;
}

export function mlpName(layer: number): string {
  return `L${layer}.mlp`;
}

/** 0-3,7 as numbers; undefined where it is not such a list. */
export function readPositions(text: string): number[] | undefined {
  const positions: number[] = [];
  for (const part of text.split(",").map((word) => word.trim())) {
    if (part === "") continue;
    const range = /^(\d{1,5})(?:\s*[-–]\s*(\d{1,5}))?$/.exec(part);
    if (range === null) return undefined;
    const [from, to] = [Number(range[1]), Number(range[2] ?? range[1])];
    if (to < from || to - from > 4096) return undefined;
    for (let position = from; position <= to; position++) positions.push(position);
  }
  return [...new Set(positions)].sort((a, b) => a - b);
}
