/** Serves the built workbench: one shell for every room, and its assets. */
import { createHash } from "node:crypto";
import type { Stats } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { extname, join, resolve, sep } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".txt": "text/plain; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".map": "application/json",
  ".webmanifest": "application/manifest+json",
};
const COMPRESSED_ALREADY = new Set([".png", ".woff2", ".ico"]);
/** The workbench's rooms: each is the shell, which reads the address itself. */
const ROOM =
  /^\/(?:$|(?:m|s|dictionaries|decompose)\/.+|(?:sweeps|circuits|decompose|dictionaries|search|findings|models|jobs|api-docs)\/?$)/;

interface Asset {
  readonly changed: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly tag: string;
  readonly encoded: Map<string, Promise<Uint8Array<ArrayBuffer>>>;
}

export function serveWebFolder(folder: string): (request: Request) => Promise<Response> {
  const root = resolve(folder);
  const cache = new Map<string, Asset>();

  async function load(path: string): Promise<Asset | undefined> {
    const found = await statOrAbsent(path);
    if (found === undefined || !found.isFile()) return undefined;
    const cached = cache.get(path);
    if (cached?.changed === found.mtimeMs) return cached;
    const bytes = new Uint8Array(await readFile(path));
    const tag = createHash("sha256").update(bytes).digest("base64url").slice(0, 22);
    const asset = { changed: found.mtimeMs, bytes, tag, encoded: new Map() };
    cache.set(path, asset);
    return asset;
  }

  return async (request) => {
    const pathname = decodePath(new URL(request.url).pathname);
    const path = pathname === undefined ? undefined : resolve(join(root, pathname));
    const inside = path?.startsWith(root + sep) === true ? path : undefined;
    const asset = inside === undefined ? undefined : await load(inside);
    if (inside !== undefined && asset !== undefined) return answer(request, inside, asset, 200);

    const shellPath = join(root, "index.html");
    const shell = await load(shellPath);
    if (shell === undefined) return notBuilt();
    if (pathname !== undefined && ROOM.test(pathname)) return answer(request, shellPath, shell, 200);
    const missingPath = join(root, "404.html");
    const missing = await load(missingPath);
    return missing === undefined
      ? plainPage(404, "Not found", "There is no such page.")
      : answer(request, missingPath, missing, 404);
  };
}

async function answer(request: Request, path: string, asset: Asset, status: number): Promise<Response> {
  const extension = extname(path);
  const encoding = COMPRESSED_ALREADY.has(extension)
    ? undefined
    : preferredEncoding(request.headers.get("accept-encoding"));
  const etag = `"${asset.tag}${encoding === undefined ? "" : `-${encoding}`}"`;
  const headers: Record<string, string> = {
    "content-type": MEDIA_TYPES[extension] ?? "application/octet-stream",
    // Next puts a content hash into the name of everything under _next/static.
    "cache-control": path.includes(`${sep}_next${sep}static${sep}`)
      ? "public, max-age=31536000, immutable"
      : "no-cache",
    etag,
    vary: "accept-encoding",
  };
  if (status === 200 && request.headers.get("if-none-match")?.includes(etag)) {
    return new Response(null, { status: 304, headers });
  }
  if (encoding === undefined) return new Response(asset.bytes, { status, headers });
  const body = asset.encoded.get(encoding) ?? compress(asset.bytes, encoding);
  asset.encoded.set(encoding, body);
  return new Response(await body, { status, headers: { ...headers, "content-encoding": encoding } });
}

async function statOrAbsent(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    // ENOENT, or a path through a file (ENOTDIR) or longer than any name may be (ENAMETOOLONG): there is no such asset.
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}

type Encoding = "br" | "gzip";

function preferredEncoding(accepted: string | null): Encoding | undefined {
  const names = (accepted ?? "").split(",").map((part) => part.trim().split(";")[0]);
  return names.includes("br") ? "br" : names.includes("gzip") ? "gzip" : undefined;
}

async function compress(bytes: Uint8Array, encoding: Encoding): Promise<Uint8Array<ArrayBuffer>> {
  // Quality 5: within a few per cent of the best at a fiftieth of its time, which matters at the first request.
  const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };
  const compressed = encoding === "br" ? promisify(brotliCompress)(bytes, options) : promisify(gzip)(bytes);
  return new Uint8Array(await compressed);
}

function decodePath(pathname: string): string | undefined {
  try {
    const path = decodeURIComponent(pathname);
    return path.includes("\0") ? undefined : path;
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function notBuilt(): Response {
  return plainPage(
    503,
    "The workbench is not built",
    "The API answers under <code>/api/v1</code>. To build the workbench, run <code>npm run build</code> in the repository and reload this page.",
  );
}

function plainPage(status: number, title: string, sentence: string): Response {
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title} · Patchbay</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:20vh auto;padding:0 1rem;color-scheme:light dark}</style>
<h1>${title}</h1><p>${sentence}</p></html>`;
  return new Response(page, {
    status,
    headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" },
  });
}
