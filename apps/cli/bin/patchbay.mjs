#!/usr/bin/env node
/** The `patchbay` command as npm links it; the program itself is bundled from src/main.ts. */
import { existsSync } from "node:fs";

const bundle = new URL("../dist/patchbay.mjs", import.meta.url);
if (existsSync(bundle)) {
  const { main } = await import(bundle.href);
  process.exitCode = await main(process.argv.slice(2));
} else {
  process.stderr.write("patchbay is not built yet. Run `npm run build` in the repository (or `npm start`).\n");
  process.exitCode = 1;
}
