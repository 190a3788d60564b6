import { existsSync } from "node:fs";
import { join } from "node:path";
import { WEB_FOLDER } from "../web-folder.ts";
import { type Check, failure, ok } from "./check.ts";

/** The pages are built. */
export const workbench: Check = {
  name: "Workbench",
  async run() {
    if (existsSync(join(WEB_FOLDER, "index.html"))) return ok("the pages are built");
    return failure(`no pages in ${WEB_FOLDER}`, "Run `npm run build` in the repository; the API works without them.");
  },
};
