import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createLocationStore, type HistoryPort } from "../location-store.ts";
import { createTraceStore } from "./trace-store.ts";
import { FIRST_PROMPT } from "./trace-view.ts";

function fixture(start = "/") {
  const entries = [start];
  let notify = () => {};
  const history: HistoryPort = {
    read: () => {
      const url = new URL(entries.at(-1) ?? "/", "http://x");
      return { pathname: url.pathname, search: url.search };
    },
    push: (path) => void entries.push(path),
    replace: (path) => void entries.splice(-1, 1, path),
    listen: (onChange) => {
      notify = onChange;
      return () => {};
    },
  };
  const location = createLocationStore(history);
  const back = () => {
    entries.pop();
    notify();
  };
  return { entries, back, location, store: createTraceStore(location) };
}

test("a step is a new entry at once, and back undoes it", () => {
  const { entries, store, back } = fixture();
  store.update({ prompt: "Hi" }, { step: true });
  store.update({ panel: "attention" }, { step: true });
  assert.deepEqual(entries.slice(1), ["/?prompt=Hi", "/?prompt=Hi&view=attention"]);
  back();
  assert.equal(store.getState().view.panel, "lens");
  back();
  assert.equal(store.getState().view.prompt, FIRST_PROMPT);
});

test("walking settles into the present entry", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { entries, store } = fixture("/?prompt=Hi");
    for (const position of [1, 2, 3]) store.update({ selected: { depth: 2, position } });
    assert.deepEqual(entries, ["/?prompt=Hi"]);
    mock.timers.tick(300);
    assert.deepEqual(entries, ["/?prompt=Hi&at=L2:3"]);
  } finally {
    mock.timers.reset();
  }
});

test("a step first settles the walk before it, in the entry where it happened", () => {
  const { entries, store } = fixture("/?prompt=Hi");
  store.update({ selected: { depth: 2, position: 3 } });
  store.update({ prompt: "Ho" }, { step: true });
  assert.deepEqual(entries, ["/?prompt=Hi&at=L2:3", "/?prompt=Ho&at=L2:3"]);
  store.dispose();
});

test("an address from elsewhere replaces the view; another room's does not", () => {
  const { location, store } = fixture("/?prompt=Hi");
  location.navigate("/models?prompt=x");
  assert.equal(store.getState().view.prompt, "Hi");
  location.navigate("/?prompt=Ho&view=soup");
  assert.equal(store.getState().view.prompt, "Ho");
  assert.equal(store.getState().notices.length, 1);
});

test("leaving the room writes what has not settled, unless the page is elsewhere", () => {
  const { entries, store } = fixture("/?prompt=Hi");
  store.update({ measure: "kl" });
  store.dispose();
  assert.deepEqual(entries, ["/?prompt=Hi&measure=kl"]);
  const gone = fixture("/?prompt=Hi");
  gone.store.update({ measure: "kl" });
  gone.location.navigate("/models");
  gone.store.dispose();
  assert.deepEqual(gone.entries, ["/?prompt=Hi", "/models"]);
});
