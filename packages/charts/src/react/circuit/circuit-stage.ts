/**
 * The moving picture of a circuit on one canvas. Everything that is the same from frame to frame is a bitmap painted elsewhere
 * (a worker); a frame places it, and draws what the pointer and the keyboard are about on top. So a frame costs the same at
 * two thousand nodes as at twenty thousand.
 */
import type { CircuitTransform } from "../../geometry/circuit/circuit-scene.ts";
import { fitCircuit, reveal, type ScreenBox, zoomAbout } from "../../geometry/circuit/circuit-view.ts";
import type { CircuitPalette } from "../../paint/circuit-palette.ts";
import { paintAxes } from "./paint-axes.ts";
import { paintFocus } from "./paint-focus.ts";
import { AXIS_ROOM, NO_FOCUS, type StageContent, type StageFocus } from "./stage-content.ts";

/** The part of the drawing that a painter is asked for: as the screen would show it, with a margin around. */
export interface BitmapRequest {
  readonly transform: CircuitTransform;
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
  readonly palette: CircuitPalette;
}

export type PaintBitmap = (request: BitmapRequest) => Promise<ImageBitmap | undefined>;

/** Painted beyond each edge of the screen, as a share of its size, so that panning does not meet a blank at once. */
const MARGIN = 0.4;
const REST_MILLISECONDS = 90;

export class CircuitStage {
  readonly #canvas: HTMLCanvasElement;
  readonly #paint: () => PaintBitmap;
  readonly #palette: () => CircuitPalette;
  #content: StageContent | undefined;
  #focus: StageFocus = NO_FOCUS;
  #box: ScreenBox = { width: 0, height: 0, ...AXIS_ROOM };
  transform: CircuitTransform = { scale: 1, x: 0, y: 0 };
  #bitmap: { readonly image: ImageBitmap; readonly request: BitmapRequest } | undefined;
  #frame: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts requests: an older answer never replaces a newer one. */
  #asked = 0;
  #colours: CircuitPalette | undefined;
  /** Whether somebody has chosen what part is seen. */
  #touched = false;

  constructor(canvas: HTMLCanvasElement, paint: () => PaintBitmap, palette: () => CircuitPalette) {
    this.#canvas = canvas;
    this.#paint = paint;
    this.#palette = palette;
  }

  /** A figure that nobody has moved is fitted again when its size changes. */
  setContent(content: StageContent, fit: boolean): void {
    const before = this.#content?.layout;
    const resized = before?.width !== content.layout.width || before.height !== content.layout.height;
    this.#content = content;
    if (fit || (resized && !this.#touched)) this.#fitNow();
    this.#askSoon(0);
    this.redraw();
  }

  setFocus(focus: StageFocus): void {
    this.#focus = focus;
    this.redraw();
  }

  setSize(width: number, height: number): void {
    const first = this.#box.width === 0;
    this.#box = { width, height, ...AXIS_ROOM };
    if (first || !this.#touched) this.#fitNow();
    this.#askSoon(first ? 0 : REST_MILLISECONDS);
    this.redraw();
  }

  /** Colours have changed. */
  repaint(): void {
    this.#colours = undefined;
    this.#askSoon(0);
    this.redraw();
  }

  fit(): void {
    this.#fitNow();
    this.#moved();
  }

  pan(dx: number, dy: number): void {
    this.#touched = true;
    this.transform = { ...this.transform, x: this.transform.x + dx, y: this.transform.y + dy };
    this.#moved();
  }

  zoom(factor: number, x = this.#box.width / 2, y = this.#box.height / 2): void {
    this.#touched = true;
    this.transform = zoomAbout(this.transform, factor, x, y);
    this.#moved();
  }

  reveal(node: number): void {
    const { layout } = this.#content ?? {};
    if (layout === undefined || this.#box.width === 0) return;
    this.transform = reveal(this.transform, { x: layout.x[node] ?? 0, y: layout.y[node] ?? 0 }, this.#box);
    this.#moved();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#asked += 1;
    this.#bitmap?.image.close();
    this.#bitmap = undefined;
  }

  redraw(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#draw();
    });
  }

  #fitNow(): void {
    this.#touched = false;
    if (this.#content !== undefined && this.#box.width > 0)
      this.transform = fitCircuit(this.#content.layout, this.#box);
  }

  #moved(): void {
    this.#askSoon(REST_MILLISECONDS);
    this.redraw();
  }

  /** A new bitmap when the picture has come to rest. */
  #askSoon(delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), delay);
  }

  async #ask(): Promise<void> {
    const { width, height } = this.#box;
    if (this.#content === undefined || width === 0) return;
    this.#asked += 1;
    const mine = this.#asked;
    const [mx, my] = [Math.round(width * MARGIN), Math.round(height * MARGIN)];
    const request: BitmapRequest = {
      transform: { scale: this.transform.scale, x: this.transform.x + mx, y: this.transform.y + my },
      width: width + 2 * mx,
      height: height + 2 * my,
      ratio: Math.min(2, window.devicePixelRatio || 1),
      palette: this.#colour(),
    };
    const image = await this.#paint()(request);
    if (image === undefined) return;
    if (mine !== this.#asked) {
      image.close();
      return;
    }
    this.#bitmap?.image.close();
    this.#bitmap = { image, request };
    this.redraw();
  }

  #colour(): CircuitPalette {
    this.#colours ??= this.#palette();
    return this.#colours;
  }

  #draw(): void {
    const { width, height } = this.#box;
    const content = this.#content;
    if (width === 0) return;
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const [pixelWidth, pixelHeight] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.#canvas.width !== pixelWidth) this.#canvas.width = pixelWidth;
    if (this.#canvas.height !== pixelHeight) this.#canvas.height = pixelHeight;
    const context = this.#canvas.getContext("2d");
    if (context === null) return;
    const palette = this.#colour();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.globalAlpha = 1;
    context.fillStyle = palette.paper;
    context.fillRect(0, 0, width, height);
    if (content === undefined) return;
    const focus = this.#focus;
    const attended = focus.hovered ?? focus.selected;
    this.#placeBitmap(context, attended !== undefined || focus.lit !== undefined ? 0.3 : 1);
    const picture = { ...content, transform: this.transform, width, height, palette };
    paintFocus(context, picture, content, focus);
    paintAxes(context, picture, content, focus);
  }

  #placeBitmap(context: CanvasRenderingContext2D, opacity: number): void {
    if (this.#bitmap === undefined) return;
    const { image, request } = this.#bitmap;
    // The bitmap's own screen, seen through the present transform.
    const ratio = this.transform.scale / request.transform.scale;
    const left = this.transform.x - request.transform.x * ratio;
    const top = this.transform.y - request.transform.y * ratio;
    context.globalAlpha = opacity;
    context.drawImage(image, left, top, request.width * ratio, request.height * ratio);
    context.globalAlpha = 1;
  }
}
