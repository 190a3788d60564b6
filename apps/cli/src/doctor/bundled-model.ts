/** The bundled model is there, and its files are the ones that were installed. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { BUNDLED_MODEL, openModelLibrary } from "@patchbay/model-library";
import { sha256OfRange } from "@patchbay/transformer";
import { type Check, failure, ok, warning } from "./check.ts";

export const bundledModel: Check = {
  name: "Bundled model",
  async run({ home }) {
    const installed = (await openModelLibrary(home).list()).find(({ name }) => name === BUNDLED_MODEL);
    if (installed === undefined) {
      return warning(
        `${BUNDLED_MODEL} is not installed yet`,
        `\`npm start\` or \`patchbay add ${BUNDLED_MODEL}\` fetches it (112 MB).`,
      );
    }
    const { folder, manifest } = installed;
    const repair = `Remove ${folder} and run \`patchbay add ${BUNDLED_MODEL}\`.`;
    const hashes = Object.entries(manifest.hashes ?? {});
    if (hashes.length === 0) return failure(`${folder} has no list of hashes`, repair);
    for (const [name, expected] of hashes) {
      const file = join(folder, name);
      if (!existsSync(file)) return failure(`${file} is missing`, repair);
      if ((await sha256OfRange({ file })) !== expected) return failure(`${file} is not what was installed`, repair);
    }
    return ok(`${BUNDLED_MODEL}, ${hashes.length} files match their hashes`);
  },
};
