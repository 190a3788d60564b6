import assert from "node:assert/strict";
import { test } from "node:test";
import { withQuery } from "../../common/query.ts";
import {
  observablesRequest,
  readObservable,
  readObservablesView,
  vectorRequest,
  writeObservable,
  writeObservablesView,
} from "./observables-view.ts";

const first = readObservablesView(
  () => undefined,
  () => [],
);

test("observables survive the address, with tokens that begin with the signs themselves", () => {
  const observable = { name: "signs | all", plus: ["+", " he", "#12"], minus: ["-", "|"] };
  assert.deepEqual(readObservable(writeObservable(observable)), observable);
  const view = { ...first, observables: [observable], prompt: "x", scale: true, heldOut: "a\nb", asked: true };
  const parameters = new URLSearchParams(withQuery("", writeObservablesView(view)));
  const back = readObservablesView(
    (name) => parameters.get(name) ?? undefined,
    (name) => parameters.getAll(name),
  );
  assert.deepEqual(back, view);
});

test("texts to check on are lines that hold something", () => {
  assert.equal(observablesRequest("m", first)?.heldOut, undefined);
  assert.deepEqual(observablesRequest("m", { ...first, heldOut: "one\n\n two \n" })?.heldOut, ["one", " two "]);
});

test("an observable without tokens is not asked", () => {
  assert.equal(observablesRequest("m", { ...first, observables: [{ name: "x", plus: [], minus: [] }] }), undefined);
});

test("the question for a direction asks for its observable alone, at its new place", () => {
  const request = observablesRequest("m", first);
  assert.ok(request);
  const asked = vectorRequest(request, 1, 34, 4);
  assert.deepEqual(
    asked.observables.map(({ name }) => name),
    ["him − her"],
  );
  assert.deepEqual(asked.vectors, [{ observable: 0, path: 34 }]);
  assert.equal(asked.compare, 0);
});
