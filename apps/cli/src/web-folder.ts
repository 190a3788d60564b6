import { fileURLToPath } from "node:url";

/** The built pages; the bundle keeps the address of this source. */
export const WEB_FOLDER = fileURLToPath(new URL("../../web/out", import.meta.url));
