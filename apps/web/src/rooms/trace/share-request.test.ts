import assert from "node:assert/strict";
import { test } from "node:test";
import { type ModelSummary, RunRequest, SnapshotRequest } from "@patchbay/contract";
import { decodeTraceView, FIRST_VIEW, type TraceView } from "@patchbay/workbench-state";
import { shareRequest } from "./share-request.ts";

const MODEL = { name: "stories-15m" } as ModelSummary;
const PLACE = { layer: 5, position: 17, target: 365, dictionary: undefined, feature: undefined };
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

test("a finding keeps the features of the place, and the drawn one at every position", () => {
  const view: TraceView = {
    ...FIRST_VIEW,
    patches: [
      {
        cable: "violet",
        site: { dictionary: "transcoder-5", layer: 5, error: "drop" },
        units: [45],
        operation: { op: "set", value: 2, unit: "maximum" },
        positions: "all",
        muted: false,
      },
    ],
  };
  const place = { ...PLACE, dictionary: "transcoder-5", feature: { dictionary: "transcoder-2", feature: 7 } };
  const parsed = SnapshotRequest.parse(shareRequest(view, MODEL, place, "", ""));
  const queries = parsed.parts.map(({ kind, request }) =>
    kind === "run" ? RunRequest.parse(request).compute?.features : undefined,
  );
  const wanted = [
    { dictionary: "transcoder-5", positions: [17], top: 12 },
    { dictionary: "transcoder-2", positions: "all", top: 12, features: [7] },
  ];
  assert.deepEqual(queries, [wanted, wanted, undefined, undefined]);
});

test("the path of a finding reproduces the view, and names its model", () => {
  const { path } = shareRequest(PATCHED, MODEL, PLACE, "", "").view;
  assert.deepEqual(decodeTraceView(path.slice(1)).view, { ...PATCHED, model: "stories-15m" });
});
