/** The findings that ship with the bundled model: what they say, and whether their links open the view that they hold. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { type GraphResult, Snapshot } from "@patchbay/contract";
import { circuitRequest, circuitsViewOf, decodeSweepsView, sweepRequest } from "@patchbay/workbench-state";

const FOLDER = new URL("../../../../../models/stories-15m/findings/", import.meta.url);
const LARGEST_FILE = 400_000;

const files = (await readdir(FOLDER)).filter((file) => file.endsWith(".json")).sort();
const texts = await Promise.all(files.map((file) => readFile(new URL(file, FOLDER), "utf8")));
const findings = texts.map((text) => Snapshot.parse(JSON.parse(text)));

test("each is small and says in a few sentences what it shows", () => {
  for (const [i, { title, note, parts }] of findings.entries()) {
    assert.ok((texts[i]?.length ?? 0) <= LARGEST_FILE, files[i]);
    assert.ok(title.length > 10 && title.length <= 80, title);
    assert.ok(note.split(/[.?!] /).length >= 3 && note.length < 900, title);
    assert.ok(parts.length > 0, title);
  }
});

test("a link opens the room with the question whose answer is stored", () => {
  for (const { title, view, model, parts } of findings) {
    const [first] = parts;
    if (view.room === "sweeps") {
      const { view: decoded, notices } = decodeSweepsView(new URL(view.path, "http://here").search);
      assert.deepEqual([notices, decoded.asked], [[], true], title);
      assert.deepEqual(sweepRequest(decoded, model), { request: first?.request }, title);
    } else {
      const decoded = circuitsViewOf(view.path);
      assert.deepEqual(circuitRequest(decoded, model, decoded.prompt), first?.request, title);
    }
  }
});

test("pins, groups and labels name nodes of the stored graph", () => {
  for (const { title, view, parts } of findings.filter(({ view }) => view.room === "circuits")) {
    const [first] = parts;
    assert.ok(first !== undefined, title);
    // The server stores a part's result under the part's kind.
    const { graph } = first.result as unknown as GraphResult;
    const known = new Set(graph.nodes.map(({ id }) => id));
    const { pins, supernodes, labels } = circuitsViewOf(view.path).annotations;
    assert.ok(supernodes.length > 0, title);
    for (const id of [...pins, ...supernodes.flatMap(({ nodes }) => nodes), ...Object.keys(labels)])
      assert.ok(known.has(id), `${title}: ${id}`);
  }
});
