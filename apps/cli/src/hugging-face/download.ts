/** Fetches a dictionary's files from the Hugging Face hub into a folder, each checked against its size and hash. */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, statfs } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { PatchbayError } from "@patchbay/vocabulary";
import type { HuggingFaceAddress } from "./address.ts";
import { neededFiles } from "./needed-files.ts";

export interface Hub {
  /** HF_ENDPOINT: a mirror. Only https, or http on this machine. */
  readonly endpoint: string;
  /** HF_TOKEN, for repositories that ask who reads them. */
  readonly token: string | undefined;
}

export interface DownloadOptions {
  readonly signal: AbortSignal;
  readonly progress: (fraction: number, message: string) => void;
}

interface HubFile {
  readonly path: string;
  readonly bytes: number;
  /** Of large files, hexadecimal. */
  readonly sha256: string | undefined;
}

const DEFAULT_ENDPOINT = "https://huggingface.co";
/** A thousand files each. A repository with more must be named by a folder. */
const MAXIMUM_PAGES = 50;

/** @throws PatchbayError `invalid-request` for an endpoint that would send the token in the clear */
export function hubFromEnvironment(environment: NodeJS.ProcessEnv): Hub {
  const endpoint = (environment.HF_ENDPOINT || DEFAULT_ENDPOINT).replace(/\/+$/, "");
  if (URL.canParse(endpoint) && isSafe(new URL(endpoint)))
    return { endpoint, token: environment.HF_TOKEN || undefined };
  throw new PatchbayError("invalid-request", "HF_ENDPOINT is not an address to fetch from.", {
    expected: "https://…, or http:// on this machine",
    received: JSON.stringify(endpoint),
  });
}

/**
 * Returns the folder in `target` that stands for the address: the importers read a layer off its path, so the repository's
 * name and folders are kept.
 * @throws PatchbayError `fetch-failed`, `damaged-file`, `unsupported-model`
 */
export async function downloadDictionary(
  hub: Hub,
  address: HuggingFaceAddress,
  target: string,
  { signal, progress }: DownloadOptions,
): Promise<string> {
  progress(0, `Asking ${new URL(hub.endpoint).host} for the files of ${address.repository}`);
  const files = await listFiles(hub, address, signal);
  const inFolder = address.folder === "" ? "" : `${address.folder}/`;
  const names = new Set(
    neededFiles(files.map(({ path }) => path.slice(inFolder.length))).map((path) => inFolder + path),
  );
  const wanted = files.filter(({ path }) => names.has(path));
  const total = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
  await refuseWithoutRoom(target, total);
  const root = join(target, basename(address.repository));
  let received = 0;
  for (const file of wanted) {
    const report = (bytes: number) => {
      received += bytes;
      progress(
        received / Math.max(1, total),
        `Fetching ${file.path}: ${megabytes(received)} of ${megabytes(total)} MB`,
      );
    };
    await fetchFile(hub, address, file, join(root, ...file.path.split("/")), report, signal);
  }
  return join(root, ...address.folder.split("/"));
}

/** Every file at and below the address' folder. */
async function listFiles(hub: Hub, address: HuggingFaceAddress, signal: AbortSignal): Promise<HubFile[]> {
  const { repository, folder, revision } = address;
  const path = [encodeURIComponent(revision), ...folder.split("/").map(encodeURIComponent)]
    .join("/")
    .replace(/\/$/, "");
  let next: string | undefined = `${hub.endpoint}/api/models/${repository}/tree/${path}?recursive=true`;
  const files: HubFile[] = [];
  for (let page = 0; next !== undefined; page++) {
    if (page === MAXIMUM_PAGES) {
      throw new PatchbayError("unsupported-model", `${repository} holds too many files to look through.`, {
        expected: `at most ${MAXIMUM_PAGES} pages of files`,
        advice: "Name the dictionary's folder: hf:owner/repository/sub/folder.",
      });
    }
    const answer: Response = await ask(hub, next, `the files of ${repository}`, signal);
    files.push(...readListing(await answer.json().catch(() => undefined), repository));
    next = nextPage(answer, hub);
  }
  return files;
}

function readListing(value: unknown, repository: string): HubFile[] {
  if (!Array.isArray(value)) throw unexpected(repository, "a list of files");
  return value.flatMap((entry: { type?: unknown; path?: unknown; size?: unknown; lfs?: { oid?: unknown } }) => {
    if (entry?.type !== "file") return [];
    const { path, size, lfs } = entry;
    if (typeof path !== "string" || typeof size !== "number" || !isPlainPath(path)) {
      throw unexpected(repository, "files with plain paths and sizes");
    }
    const sha256 = typeof lfs?.oid === "string" && /^[0-9a-f]{64}$/.test(lfs.oid) ? lfs.oid : undefined;
    return [{ path, bytes: size, sha256 }];
  });
}

/** No part of a path may lead out of the folder that it is written into. */
function isPlainPath(path: string): boolean {
  return path.split("/").every((part) => part !== "" && part !== "." && part !== ".." && !/[\\\0:]/.test(part));
}

/** The hub's `Link: <…>; rel="next"`, followed only where it stays with the hub. */
function nextPage(answer: Response, hub: Hub): string | undefined {
  const address = /<([^>]+)>;\s*rel="next"/.exec(answer.headers.get("link") ?? "")?.[1];
  if (address === undefined) return undefined;
  const url = new URL(address, hub.endpoint);
  if (url.origin === new URL(hub.endpoint).origin) return url.href;
  throw new PatchbayError("fetch-failed", "The hub's list of files continues elsewhere.", { received: url.origin });
}

async function fetchFile(
  hub: Hub,
  { repository, revision }: HuggingFaceAddress,
  file: HubFile,
  target: string,
  report: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const path = file.path.split("/").map(encodeURIComponent).join("/");
  const address = `${hub.endpoint}/${repository}/resolve/${encodeURIComponent(revision)}/${path}`;
  const answer = await ask(hub, address, file.path, signal);
  if (answer.body === null) throw unexpected(file.path, "the file");
  await mkdir(dirname(target), { recursive: true });
  const hash = createHash("sha256");
  let bytes = 0;
  const measure = new Transform({
    transform(piece: Buffer, _, done) {
      hash.update(piece);
      bytes += piece.length;
      if (bytes > file.bytes) return done(damaged(file, `more than ${file.bytes} bytes`));
      report(piece.length);
      done(null, piece);
    },
  });
  try {
    await pipeline(
      Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]),
      measure,
      createWriteStream(target),
      {
        signal,
      },
    );
  } catch (cause) {
    throw transferFailure(cause, file.path, signal);
  }
  if (bytes !== file.bytes) throw damaged(file, `${bytes} bytes`);
  if (file.sha256 !== undefined && hash.digest("hex") !== file.sha256) throw damaged(file, "other content");
}

/** One GET. Redirects lead to the hub's storage; fetch does not take the token to another host. */
async function ask({ endpoint, token }: Hub, address: string, what: string, signal: AbortSignal): Promise<Response> {
  const headers = { "user-agent": "patchbay", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  let answer: Response;
  try {
    answer = await fetch(address, { headers, signal });
  } catch (cause) {
    throw transferFailure(cause, what, signal);
  }
  if (!isSafe(new URL(answer.url)))
    throw new PatchbayError("fetch-failed", `${what} is offered without encryption.`, { received: answer.url });
  if (answer.ok) return answer;
  await answer.body?.cancel();
  throw new PatchbayError("fetch-failed", `${new URL(endpoint).host} does not give ${what}.`, {
    received: `status ${answer.status}`,
    advice: adviceOn(answer.status),
  });
}

function adviceOn(status: number): string {
  if (status === 401 || status === 403) {
    return "The repository may be private or ask for consent: accept its terms on its page, and set HF_TOKEN.";
  }
  if (status === 404) return "Check the owner, the repository, the folder and the revision.";
  return status === 429 ? "Too many requests: wait a little, or set HF_TOKEN." : "Try again later.";
}

/** A failure of the network, told as one; those of the disk and the person's own Ctrl-C stay what they are. */
function transferFailure(cause: unknown, what: string, signal: AbortSignal): unknown {
  if (signal.aborted || cause instanceof PatchbayError) return cause;
  if (cause instanceof Error && "syscall" in cause && "path" in cause) return cause;
  if (cause instanceof Error && "code" in cause && cause.code === "ENOSPC") return cause;
  const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return new PatchbayError("fetch-failed", `${what} could not be fetched.`, {
    received: reason instanceof Error ? reason.message : String(reason),
    advice: "Check the network, or download the folder by other means and give its path.",
    cause,
  });
}

async function refuseWithoutRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bytes <= bavail * bsize) return;
  throw new PatchbayError("fetch-failed", "There is no room for the download.", {
    expected: `${megabytes(bytes)} MB free in ${folder}`,
    received: `${megabytes(bavail * bsize)} MB`,
    advice: "Name a smaller folder of the repository, or set TMPDIR to a place with more room.",
  });
}

function isSafe({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || (protocol === "http:" && ["127.0.0.1", "localhost", "[::1]"].includes(hostname));
}

function damaged({ path, bytes }: HubFile, received: string): PatchbayError {
  return new PatchbayError("damaged-file", `${path} did not arrive as the hub lists it.`, {
    expected: `${bytes} bytes of the listed hash`,
    received,
    advice: "Try again.",
  });
}

function unexpected(what: string, expected: string): PatchbayError {
  return new PatchbayError("fetch-failed", `The hub's answer about ${what} is not understood.`, { expected });
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}
