/**
 * A researcher's first visit, in a real browser against the real server and the bundled model: type a prompt, read the
 * answer, open a neuron, clamp it, compare, share, and follow the link as somebody else.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { skip, visitWorkbench } from "./visitor.ts";

const PROMPT = "One day, Tom and Lily went to the park. Tom gave a ball to";
const { visit, complaints, address } = visitWorkbench();

test("a prompt is typed, and the last lens row says L with 0.977", { skip }, async () => {
  const page = await visit("/?prompt=Once");
  const prompt = page.getByRole("textbox", { name: "Prompt" });
  await prompt.fill(PROMPT);
  await prompt.press("Control+Enter");
  const selected = page.getByText(/L5, position 17 ·to: ·L 0\.97\d/);
  await selected.waitFor({ state: "attached" });
  const [, probability] = /·L (0\.\d+)/.exec((await selected.textContent()) ?? "") ?? [];
  assert.ok(Math.abs(Number(probability) - 0.977) < 0.002, `p(" L") is ${probability}`);
  assert.match(page.url(), /prompt=One\+day/, "the address reproduces the view");
  await page.context().close();
});

test("the prompt box answers, the grid is walked by keyboard, and the views change", { skip }, async () => {
  const page = await visit("/");
  await page.getByText(/L5, position 17 ·to: ·L 0\.97\d/).waitFor({ state: "attached" });
  await page.getByRole("application", { name: "Logit lens" }).press("ArrowDown");
  await page.getByText(/L4, position 17 ·to: ·himself 0\.2/).waitFor({ state: "attached" });
  await page.getByRole("radio", { name: "Attention" }).check({ force: true });
  await page.getByText(/rows sum to 1/).waitFor();
  await page.getByRole("radio", { name: "Contributions" }).check({ force: true });
  await page.getByText("Parts, largest first").waitFor();
  await page.getByRole("radio", { name: "Logit lens" }).check({ force: true });
  await page.getByRole("application", { name: "Logit lens" }).waitFor();
  await page.context().close();
});

test("a neuron is opened and clamped; before and after stand side by side", { skip }, async () => {
  const page = await visit("/");
  const neuron = page.getByRole("link", { name: "N732" });
  await neuron.waitFor();
  await neuron.click();
  await page.waitForURL(/\/m\/stories-15m\/L5\/N732/);
  await page.getByText("Writes · down column").waitFor();

  await page.goto(`${address()}/m/stories-15m/L4/N387`);
  await page.getByText("Dose and response").waitFor();
  await page.getByRole("link", { name: "Open in Trace with this patch" }).click();
  await page.waitForURL(/patch=/);
  const patches = page.getByRole("region", { name: "Patches" });
  await patches.getByRole("article", { name: /L4·N387/ }).waitFor();
  await page.getByText(/before ·L 0\.97\d.*after ·it 0\.\d+/).waitFor({ state: "attached" });
  await page.context().close();
});

test("a view is shared; somebody else opens the link, sees the numbers and replays them", { skip }, async () => {
  const page = await visit(
    `/?prompt=${encodeURIComponent(PROMPT)}&patch=${encodeURIComponent("orange:L4.mlp.post[387]:set:17:all")}`,
  );
  await page.getByText(/after ·it 0\.\d+/).waitFor({ state: "attached" });
  await page.getByRole("button", { name: "Share" }).click();
  const stored = page.waitForResponse(
    (response) => response.url().endsWith("/api/v1/snapshots") && response.request().method() === "POST",
  );
  await page.getByRole("button", { name: "Store and copy link" }).click();
  const { id } = (await (await stored).json()) as { id: string };
  await page.context().close();

  const other = await visit(`/s/${id}`);
  await other.getByText("0.977").first().waitFor();
  await other.getByRole("button", { name: /Replay/ }).click();
  await other.getByText("same", { exact: true }).first().waitFor();
  await other.context().close();
});

test("the tour starts on the first page, and its findings replay", { skip }, async () => {
  const page = await visit("/");
  const tour = page.getByRole("navigation", { name: "Tour" });
  await tour.getByRole("link").first().waitFor();
  assert.ok((await tour.getByRole("link").count()) >= 3);
  await tour.getByRole("link").first().focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/s\//);
  await page.getByRole("button", { name: /^Replay/ }).click();
  await page.getByText("same", { exact: true }).first().waitFor();
  await page.context().close();
});

test("every room opens without an error, by day and by night", { skip }, async () => {
  for (const path of [
    "/",
    "/m/stories-15m/neurons",
    "/m/stories-15m/L3/N417",
    "/circuits",
    "/sweeps",
    "/decompose",
    "/decompose/observables",
    "/decompose/facts",
    "/decompose/circuits",
    "/findings",
    "/models",
    "/jobs",
    "/api-docs",
  ]) {
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await visit(path);
      await page.emulateMedia({ colorScheme });
      await page.getByRole("navigation", { name: "Rooms" }).waitFor();
      await page.waitForLoadState("networkidle");
      const text = await page.getByRole("main").innerText();
      assert.ok(text.trim().length > 20, `${path} shows something`);
      await page.context().close();
    }
  }
});

test("no page complained", { skip }, () => {
  assert.deepEqual(complaints, []);
});
