/** Fetches one file out of a package of the npm registry, with the user's npm settings and cache. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { PatchbayError } from "@patchbay/vocabulary";
import pacote from "pacote";
import { extract } from "tar";
import { npmOptions } from "./npm-options.ts";

export interface PackageFile {
  readonly package: string;
  readonly version: string;
  /** Subresource integrity of the tarball: "sha512-…". */
  readonly integrity: string;
  /** Path inside the package. */
  readonly path: string;
  /** Size of the tarball, for the progress. */
  readonly tarballBytes: number;
}

export interface FetchOptions {
  readonly signal?: AbortSignal;
  /** Bytes of the tarball received so far, and in all. Starts again from 0 when the client tries again. */
  readonly progress?: (received: number, total: number) => void;
}

/** Puts the file under `folder` and returns its path. @throws PatchbayError `fetch-failed`, or the signal's reason */
export async function fetchPackageFile(
  source: PackageFile,
  folder: string,
  options: FetchOptions = {},
): Promise<string> {
  const { signal } = options;
  const specification = `${source.package}@${source.version}`;
  const file = join(folder, source.path);
  try {
    const settings = { ...(await npmOptions()), integrity: source.integrity, signal };
    await pacote.tarball.stream(specification, (tarball) => extractFile(tarball, source, folder, options), settings);
  } catch (cause) {
    signal?.throwIfAborted();
    throw fetchFailed(specification, cause);
  }
  if (await isThere(file)) return file;
  throw new PatchbayError("fetch-failed", `${specification} does not hold the pinned file.`, {
    expected: source.path,
    advice: "Update the repository: its manifest and the package do not belong together.",
  });
}

function extractFile(
  tarball: NodeJS.ReadableStream,
  source: PackageFile,
  folder: string,
  { signal, progress }: FetchOptions,
): Promise<void> {
  const wanted = `package/${source.path}`;
  let received = 0;
  return new Promise<void>((resolve, reject) => {
    const unpack = extract({
      cwd: folder,
      strip: 1,
      strict: true,
      filter: (path, entry) => path === wanted && "type" in entry && entry.type === "File",
    });
    const abort = () => reject(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    unpack.on("end", resolve);
    unpack.on("error", reject);
    tarball.on("error", reject);
    tarball.on("data", (chunk: Uint8Array) => {
      received += chunk.length;
      progress?.(received, Math.max(received, source.tarballBytes));
    });
    tarball.pipe(unpack as unknown as NodeJS.WritableStream);
  });
}

const DISK_CODES = new Set(["ENOSPC", "EACCES", "EPERM", "EROFS", "EDQUOT"]);

function fetchFailed(specification: string, cause: unknown): PatchbayError {
  const { code, message } = cause as { code?: string; message?: string };
  const received = [code, message].filter((part) => part !== undefined).join(": ");
  return new PatchbayError("fetch-failed", `${specification} could not be fetched from the npm registry.`, {
    received,
    advice: adviceFor(code ?? "", specification),
    cause,
  });
}

function adviceFor(code: string, specification: string): string {
  if (DISK_CODES.has(code))
    return "Make room or give write access, or set PATCHBAY_HOME to another folder, and start again.";
  if (code === "EINTEGRITY")
    return "The registry sent other bytes than the pinned ones. Try `npm cache verify`, or another registry.";
  if (code === "E404" || code === "ETARGET")
    return `Your registry does not have it: see \`npm view ${specification}\`.`;
  return `Check the connection, and that \`npm view ${specification}\` works: the same registry, proxy and cache are used. Then start again.`;
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    (stats) => stats.isFile(),
    () => false,
  );
}
