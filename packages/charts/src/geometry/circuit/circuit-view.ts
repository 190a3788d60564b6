/** Moving the drawing on the screen: fitting, zooming about a point, bringing a node into view. */
import type { CircuitTransform } from "./circuit-scene.ts";

export interface ScreenBox {
  readonly width: number;
  readonly height: number;
  /** Room for the axes, CSS pixels. */
  readonly left: number;
  readonly bottom: number;
  /** Of the legend. */
  readonly top: number;
}

const PADDING = 18;
export const SCALE_LIMITS = { least: 0.02, most: 5 } as const;

/** The whole drawing, centred, never larger than at 1.6. */
export function fitCircuit(
  drawing: { readonly width: number; readonly height: number },
  box: ScreenBox,
): CircuitTransform {
  const room = { width: box.width - box.left - 2 * PADDING, height: box.height - box.bottom - box.top - 2 * PADDING };
  const scale = Math.max(
    SCALE_LIMITS.least,
    Math.min(1.6, room.width / Math.max(1, drawing.width), room.height / Math.max(1, drawing.height)),
  );
  return {
    scale,
    x: box.left + PADDING + Math.max(0, room.width - drawing.width * scale) / 2,
    y: box.top + PADDING + Math.max(0, room.height - drawing.height * scale) / 2,
  };
}

/** The point under the pointer stays where it is. */
export function zoomAbout(transform: CircuitTransform, factor: number, x: number, y: number): CircuitTransform {
  const scale = Math.min(SCALE_LIMITS.most, Math.max(SCALE_LIMITS.least, transform.scale * factor));
  const ratio = scale / transform.scale;
  return { scale, x: x - (x - transform.x) * ratio, y: y - (y - transform.y) * ratio };
}

export function toDrawing(
  transform: CircuitTransform,
  x: number,
  y: number,
): { readonly x: number; readonly y: number } {
  return { x: (x - transform.x) / transform.scale, y: (y - transform.y) / transform.scale };
}

/** The least move after which a place of the drawing is well inside the box. */
export function reveal(
  transform: CircuitTransform,
  place: { readonly x: number; readonly y: number },
  box: ScreenBox,
): CircuitTransform {
  const x = place.x * transform.scale + transform.x;
  const y = place.y * transform.scale + transform.y;
  const inside = (value: number, low: number, high: number) =>
    value < low ? low - value : value > high ? high - value : 0;
  const dx = inside(x, box.left + 30, box.width - 30);
  const dy = inside(y, 30, box.height - box.bottom - 30);
  return dx === 0 && dy === 0 ? transform : { ...transform, x: transform.x + dx, y: transform.y + dy };
}
