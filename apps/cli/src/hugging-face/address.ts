/** Addresses of dictionaries on the Hugging Face hub: `hf:owner/repository[/sub/folder][@revision]`. */
import { PatchbayError } from "@patchbay/vocabulary";

export interface HuggingFaceAddress {
  /** owner/name */
  readonly repository: string;
  /** In the repository, with slashes; empty for its root. */
  readonly folder: string;
  /** Branch, tag or commit. */
  readonly revision: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

export function isHuggingFaceAddress(source: string): boolean {
  return source.startsWith("hf:");
}

/** @throws PatchbayError `invalid-request` */
export function parseHuggingFaceAddress(source: string): HuggingFaceAddress {
  const [, path = "", revision = "main"] = /^hf:([^@]+)(?:@(.+))?$/.exec(source) ?? [];
  const [owner = "", name = "", ...folders] = path.replace(/\/$/, "").split("/");
  const plain = (part: string) => part !== "" && part !== "." && part !== ".." && !/[\\\0]/.test(part);
  if (NAME.test(owner) && NAME.test(name) && folders.every(plain)) {
    return { repository: `${owner}/${name}`, folder: folders.join("/"), revision };
  }
  throw new PatchbayError("invalid-request", "This is no address on the Hugging Face hub.", {
    expected: "hf:owner/repository, hf:owner/repository/sub/folder, or either with @revision",
    received: JSON.stringify(source.slice(0, 200)),
  });
}
