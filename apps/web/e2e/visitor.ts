/** What browser tests share: the served product for a file of tests, and pages that remember what went wrong on them. */
import { after, before } from "node:test";
import type { Page } from "playwright-core";
import { missingProvision, type ServedWorkbench, serveWorkbench } from "./served-workbench.ts";

const missing = missingProvision();
/** For a test's `skip`: false, or why there is nothing to visit. */
export const skip = missing === undefined ? false : `SKIPPED: ${missing}`;

export interface Visitor {
  /** Page errors and refused requests, with the page they happened on. */
  readonly complaints: readonly string[];
  /** Opens a path of the workbench in a context of its own. */
  visit(path: string): Promise<Page>;
  /** Of the served product. */
  address(): string;
}

/** Serves the product before the file's first test and stops it after the last. */
export function visitWorkbench(): Visitor {
  let workbench: ServedWorkbench | undefined;
  const complaints: string[] = [];
  const served = () => {
    if (workbench === undefined) throw new Error("the workbench is not served");
    return workbench;
  };
  before(async () => {
    if (missing === undefined) workbench = await serveWorkbench();
  });
  after(() => workbench?.close());
  return {
    complaints,
    address: () => served().url,
    async visit(path) {
      const { browser, url } = served();
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
      const page = await context.newPage();
      page.setDefaultTimeout(30_000);
      page.on("pageerror", (error) => complaints.push(`${path}: ${error.message}`));
      page.on("response", (response) => {
        if (response.status() >= 400) complaints.push(`${path}: ${response.status()} ${response.url()}`);
      });
      await page.goto(url + path);
      return page;
    },
  };
}
