import assert from "node:assert/strict";
import { test } from "node:test";
import { type ModelSummary, SnapshotRequest } from "@patchbay/contract";
import { decodeTraceView, FIRST_VIEW, type TraceView } from "@patchbay/workbench-state";
import { shareRequest } from "./share-request.ts";

const MODEL = { name: "stories-15m" } as ModelSummary;
const PLACE = { layer: 5, position: 17, target: 365 };
const PATCHED: TraceView = {
  ...FIRST_VIEW,
  patches: [
    {
      cable: "orange",
      site: { kind: "mlp.hook_post", layer: 5 },
      units: [732],
      operation: { op: "set", value: -4, unit: "absolute" },
      positions: "all",
      muted: false,
    },
  ],
};

test("a finding is a valid request, with and without patches", () => {
  for (const view of [FIRST_VIEW, PATCHED]) {
    const parsed = SnapshotRequest.safeParse(shareRequest(view, MODEL, PLACE, "A title", ""));
    assert.equal(parsed.success, true, JSON.stringify(parsed.error));
  }
});

test("patches add an after to the run and to the continuation", () => {
  const roles = (view: TraceView) => shareRequest(view, MODEL, PLACE, "", "").parts.map(({ role }) => role);
  assert.deepEqual(roles(FIRST_VIEW), ["before", "continuation before"]);
  assert.deepEqual(roles(PATCHED), ["before", "after", "continuation before", "continuation after"]);
});

test("the path of a finding reproduces the view, and names its model", () => {
  const { path } = shareRequest(PATCHED, MODEL, PLACE, "", "").view;
  assert.deepEqual(decodeTraceView(path.slice(1)).view, { ...PATCHED, model: "stories-15m" });
});
