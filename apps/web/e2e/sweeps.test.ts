/**
 * A researcher asks what carries an answer, in a real browser against the real server and the bundled model: prompt pair,
 * cells that stream in, a cell, its verification, its patch in Trace, sharing, replay; then edges and tokens.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { skip, visitWorkbench } from "./visitor.ts";

const { visit, complaints } = visitWorkbench();

test("prompt pair, cells, one cell, verified, patched in Trace, shared, replay: same", { skip }, async () => {
  const page = await visit("/sweeps");
  const alignment = page.getByRole("group", { name: "Alignment of the two prompts" });
  await alignment.getByRole("button", { name: /^clean, position 4, ·Tom; no partner/ }).waitFor();

  // Linked by hand, and automatically again.
  await alignment.getByRole("button", { name: /^clean, position 4,/ }).click();
  await alignment.getByRole("button", { name: /^corrupted, position 7, ·Tom/ }).click();
  await alignment.getByRole("button", { name: /^clean, position 4, ·Tom; partner: position 7/ }).waitFor();
  await page.getByRole("button", { name: "Automatic again" }).click();
  await alignment.getByRole("button", { name: /^clean, position 4, ·Tom; no partner/ }).waitFor();

  // An estimate of every cell, with the largest run exactly.
  await page.getByLabel("Computed").selectOption("gradient");
  await page.getByRole("button", { name: "Run this question" }).click();
  await page.locator('[data-sweep="done"]').waitFor();
  const correlation = Number((await page.locator("[data-correlation]").innerText()).replace("−", "-"));
  assert.ok(correlation > 0.9, `r = ${correlation}`);

  // The last position of the last layer, by keyboard: from the top row to its end.
  const map = page.getByRole("application", { name: /^residual before the block by layer × position/ });
  await map.press("PageUp");
  await map.press("End");
  const chosen = page.getByRole("complementary", { name: "Chosen cell" });
  await chosen.getByText(/^L5 · 18 ·to$/).waitFor();
  await chosen.getByRole("button", { name: "Verify exactly" }).click();
  await chosen.getByText(/Run by itself: 3\.0\d/).waitFor();

  // Exactly: the picture fills, and the address reproduces it.
  await page.getByLabel("Computed").selectOption("exact");
  await page.keyboard.press("Control+Enter");
  await page.waitForURL(/asked=yes/);
  await page.locator('[data-sweep="done"]').waitFor();
  await map.press("PageUp");
  await map.press("End");
  await chosen.getByText("0.844").waitFor();
  await page.reload();
  await chosen.getByText("0.844").waitFor();

  // The same patch in Trace answers as the clean prompt does.
  const link = chosen.getByRole("link", { name: "Open in Trace as a patch" });
  assert.match(decodeURIComponent((await link.getAttribute("href")) ?? ""), /L5\.resid_pre:replace:last:/);

  await page.getByRole("button", { name: "Share" }).click();
  const stored = page.waitForResponse(
    (response) => response.url().endsWith("/api/v1/snapshots") && response.request().method() === "POST",
  );
  await page.getByRole("button", { name: "Store and copy link" }).click();
  const { id } = (await (await stored).json()) as { id: string };
  await link.click();
  await page
    .getByText(/before ·.+ 0\.\d+.*after ·L 0\.\d+/)
    .first()
    .waitFor({ state: "attached" });
  await page.context().close();

  const other = await visit(`/s/${id}`);
  await other.getByRole("application", { name: /^residual before the block/ }).waitFor();
  await other.getByRole("button", { name: /^Replay/ }).click();
  await other.getByText("same", { exact: true }).waitFor();
  await other.context().close();
  assert.deepEqual(complaints, []);
});

test("edges and tokens: scores, faithfulness, completeness", { skip }, async () => {
  const page = await visit("/sweeps");
  await page.getByRole("radio", { name: "Edges" }).check({ force: true });
  await page.getByRole("button", { name: "Run this question" }).click();
  await page.getByRole("img", { name: /strongest edges/ }).waitFor();
  await page.getByText("a5.h1->logits", { exact: true }).first().waitFor();
  await page.getByRole("table", { name: "Circuits by size" }).getByRole("cell", { name: "300" }).waitFor();

  await page.getByRole("radio", { name: "Tokens" }).check({ force: true });
  await page.getByRole("button", { name: "Run this question" }).click();
  const rest = await page.locator("[data-completeness]").innerText();
  assert.ok(Number(/\(([\d.e−-]+) %\)/.exec(rest)?.[1]?.replace("−", "-")) < 2, rest);
  await page.goBack();
  await page.waitForURL(/ask=tokens/);
  await page.context().close();
  assert.deepEqual(complaints, []);
});
