/**
 * A researcher reads a prompt by its features, in a real browser against the real server, the bundled model and its
 * dictionaries: prompt, cell, feature, examples, clamp, before and after, permalink, replay.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { skip, visitWorkbench } from "./visitor.ts";

const PROMPT = "One day, Tom and Lily went to the park. Tom gave a ball to";
const { visit, complaints, address } = visitWorkbench();

/** "transcoder-4" and 45, from the address of a feature's page. */
function featureIn(page: Page): { readonly dictionary: string; readonly feature: string } {
  const [, dictionary, feature] = /\/dictionaries\/([^/]+)\/features\/(\d+)/.exec(page.url()) ?? [];
  assert.ok(dictionary !== undefined && feature !== undefined, page.url());
  return { dictionary: decodeURIComponent(dictionary), feature };
}

test("prompt, cell, feature, examples, clamp, before and after, permalink, replay: same", { skip }, async () => {
  const page = await visit(`/?prompt=${encodeURIComponent(PROMPT)}`);
  await page.getByText(/L5, position 17 ·to: ·L 0\.97\d/).waitFor({ state: "attached" });

  // The cell below: its features stand beside its neurons, and the error is a row of its own.
  await page.getByRole("application", { name: "Logit lens" }).press("ArrowDown");
  await page.getByText(/L4, position 17/).waitFor({ state: "attached" });
  const firing = page.getByRole("table", { name: /^Features of .+ firing here$/ });
  await firing.waitFor();
  await firing.getByRole("row", { name: /^error/ }).waitFor();
  await page.getByText(/fire \(L0\)/).waitFor();

  // The strongest feature over the prompt.
  await firing
    .getByRole("button", { name: /^(?!Patch)/ })
    .first()
    .click();
  await page.waitForURL(/feature=/);
  await page.getByRole("listbox", { name: "activation at each token" }).waitFor();

  // Its page: what it does on text.
  await firing
    .getByRole("link", { name: /^F\d+$/ })
    .first()
    .click();
  await page.waitForURL(/\/dictionaries\/.+\/features\/\d+/);
  const { dictionary, feature } = featureIn(page);
  await page.getByRole("heading", { name: `F${feature}`, exact: true }).waitFor();
  await page.getByText("Writes · decoder", { exact: true }).waitFor();
  const example = page.getByRole("listitem").filter({ has: page.getByText(/^doc \d+$/) });
  await example.first().waitFor();
  await page.getByRole("radio", { name: "by strength" }).check({ force: true });
  await page.getByText(/interval 1 of/).waitFor();
  await page.getByText(/random units?[:.]|no other unit/).waitFor();

  // Clamped at four times its maximum: the next token before and after, then the same patch in Trace.
  await page.goto(
    `${address()}/dictionaries/${dictionary}/features/${feature}?text=${encodeURIComponent(PROMPT)}&value=4&unit=maximum`,
  );
  await page.getByRole("cell", { name: "·L", exact: true }).waitFor();
  await page.getByRole("link", { name: "Open in Trace with this patch" }).click();
  await page.waitForURL(/patch=/);
  assert.ok(decodeURIComponent(page.url()).includes(`@${dictionary}[${feature}]:set:4max:all`), page.url());
  const patches = page.getByRole("region", { name: "Patches" });
  await patches.getByRole("article", { name: `Patch ${dictionary}·F${feature}` }).waitFor();
  await page
    .getByText(/before ·.+ 0\.\d+.*after ·?.+ 0\.\d+/)
    .first()
    .waitFor({ state: "attached" });

  // Shared; somebody else opens the link, sees the features and computes them again.
  await page.getByRole("button", { name: "Share" }).click();
  const stored = page.waitForResponse(
    (response) => response.url().endsWith("/api/v1/snapshots") && response.request().method() === "POST",
  );
  await page.getByRole("button", { name: "Store and copy link" }).click();
  const { id } = (await (await stored).json()) as { id: string };
  await page.context().close();

  const other = await visit(`/s/${id}`);
  await other.getByText(`Features of ${dictionary}`).first().waitFor();
  await other.getByText(`${dictionary}[${feature}]`).first().waitFor();
  await other.getByRole("button", { name: /Replay/ }).click();
  await other.getByText("same", { exact: true }).first().waitFor();
  await other.context().close();
});

test("a feature's label is kept, and found by the search", { skip }, async () => {
  const page = await visit("/search?kind=feature");
  const link = page.getByRole("grid", { name: "Units" }).getByRole("link").first();
  await link.waitFor();
  await link.click();
  await page.waitForURL(/\/features\/\d+/);
  const { feature } = featureIn(page);
  const label = page.getByRole("textbox", { name: "Label" });
  await label.fill("a test’s own label");
  await label.press("Enter");
  await page.waitForLoadState("networkidle");
  await page.goto(`${address()}/search?mode=label&label=${encodeURIComponent("TEST’S own")}`);
  await page
    .getByRole("link", { name: new RegExp(`F${feature}$`) })
    .first()
    .waitFor();
  await page.context().close();
});

test("a text is searched: what fires here more than elsewhere", { skip }, async () => {
  const page = await visit(`/search?mode=text&text=${encodeURIComponent(PROMPT)}&kind=feature`);
  await page.getByRole("grid", { name: "Units" }).getByRole("link").first().waitFor();
  await page.getByText(/mean in the corpus/).waitFor();
  await page.context().close();
});

test("no page complained", { skip }, () => {
  assert.deepEqual(complaints, []);
});
