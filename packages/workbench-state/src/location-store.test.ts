import assert from "node:assert/strict";
import { test } from "node:test";
import { createLocationStore, type HistoryPort } from "./location-store.ts";

function memoryHistory(): HistoryPort & { readonly entries: string[]; back(): void } {
  const entries = ["/"];
  let notify = () => {};
  return {
    entries,
    read() {
      const url = new URL(entries.at(-1) ?? "/", "http://x");
      return { pathname: url.pathname, search: url.search };
    },
    push: (path) => void entries.push(path),
    replace: (path) => void entries.splice(-1, 1, path),
    listen(onChange) {
      notify = onChange;
      return () => {
        notify = () => {};
      };
    },
    back() {
      entries.pop();
      notify();
    },
  };
}

test("navigate pushes, replace replaces, and going nowhere adds no entry", () => {
  const history = memoryHistory();
  const store = createLocationStore(history);
  store.navigate("/models");
  store.navigate("/models");
  assert.deepEqual(history.entries, ["/", "/models"]);
  store.navigate("/jobs?state=running", { replace: true });
  assert.deepEqual(history.entries, ["/", "/jobs?state=running"]);
  assert.deepEqual(store.getState(), { pathname: "/jobs", search: "?state=running" });
});

test("back reaches subscribers until the store is disposed", () => {
  const history = memoryHistory();
  const store = createLocationStore(history);
  store.navigate("/models");
  store.navigate("/jobs");
  const seen: string[] = [];
  store.subscribe(({ pathname }) => seen.push(pathname));
  history.back();
  store.dispose();
  history.back();
  assert.deepEqual(seen, ["/models"]);
});
