/** The axes stand still while the drawing moves: tokens below, layers at the left with the errors' share in each. */
import { fitMonospace, MONOSPACE_EM } from "../../geometry/fit-text.ts";
import type { CircuitPicture } from "../../paint/paint-circuit.ts";
import { AXIS_ROOM, type StageContent, type StageFocus } from "./stage-content.ts";

const FONT = 11;
const OWN_ROOM = 90;
/** What is cut shorter than that says nothing: then the whole word stands, and takes its neighbours' place. */
const LEAST_CHARACTERS = 4;
const LONGEST_WORD = 56;

export function paintAxes(
  context: CanvasRenderingContext2D,
  { transform, width, height, palette, scene }: CircuitPicture,
  { layout, tokens, layers, errorShares }: StageContent,
  focus: StageFocus,
): void {
  const floor = height - AXIS_ROOM.bottom;
  context.globalAlpha = 0.94;
  context.fillStyle = palette.paper;
  context.fillRect(0, floor, width, AXIS_ROOM.bottom);
  context.fillRect(0, 0, AXIS_ROOM.left, floor);
  context.globalAlpha = 1;
  context.fillStyle = palette.line;
  context.fillRect(AXIS_ROOM.left, floor, width, 1);

  const attended = focus.hovered ?? focus.selected;
  const attendedX = attended === undefined ? undefined : (scene.x[attended] ?? 0);
  context.textBaseline = "middle";
  context.textAlign = "center";
  let free = AXIS_ROOM.left;
  layout.columns.forEach((column, position) => {
    const middle = (column.left + column.width / 2) * transform.scale + transform.x;
    const room = column.width * transform.scale;
    if (middle < AXIS_ROOM.left - room / 2 || middle > width + room / 2) return;
    const own = attendedX !== undefined && attendedX >= column.left && attendedX < column.left + column.width;
    const text = axisText(tokens[position] ?? "", own ? Math.max(room, OWN_ROOM) : room);
    const needed = Math.max(room, text.length * FONT * MONOSPACE_EM);
    // Where columns are thinner than any text, every so many of them are named.
    if (!own && (text === "" || middle - needed / 2 < free - 2)) return;
    free = middle + needed / 2;
    context.font = `${own ? 650 : 450} ${FONT}px ${palette.mono}`;
    if (own) {
      context.fillStyle = palette.paper;
      context.fillRect(middle - needed / 2 - 2, floor + 5, needed + 4, 18);
    }
    context.fillStyle = palette.ink;
    context.fillText(text, middle, floor + 14);
    context.font = `9.5px ${palette.sans}`;
    context.fillStyle = palette.quiet;
    context.fillText(String(position), middle, floor + 30);
  });

  context.textAlign = "right";
  let below = Number.POSITIVE_INFINITY;
  for (const row of layout.rows.toReversed()) {
    const y = (row.top + row.height / 2) * transform.scale + transform.y;
    if (y < 4 || y > floor - 4 || below - y < 13) continue;
    const beneath = Math.min(below, floor + 12);
    below = y;
    const share = errorShares[row.layer] ?? null;
    context.fillStyle = palette.quiet;
    context.font = `500 ${FONT}px ${palette.sans}`;
    const name = row.layer === layers ? "targets" : row.layer < 0 ? "tokens" : `L${row.layer}`;
    const twoLines = share !== null && beneath - y > 29;
    context.fillText(name, AXIS_ROOM.left - 10, twoLines ? y - 6 : y);
    if (!twoLines || share === null) continue;
    context.fillStyle = palette.line;
    context.fillRect(8, y + 2, AXIS_ROOM.left - 18, 3);
    context.fillStyle = palette.quiet;
    context.fillRect(8, y + 2, (AXIS_ROOM.left - 18) * share, 3);
    context.font = `9px ${palette.sans}`;
    context.fillText(`error ${Math.round(share * 100)} %`, AXIS_ROOM.left - 10, y + 12);
  }
}

function axisText(token: string, room: number): string {
  const fitted = fitMonospace(token, room, FONT * MONOSPACE_EM);
  const useless = fitted !== token && fitted.length < LEAST_CHARACTERS;
  return useless ? fitMonospace(token, Math.max(room, LONGEST_WORD), FONT * MONOSPACE_EM) : fitted;
}
