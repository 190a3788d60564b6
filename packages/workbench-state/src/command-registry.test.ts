import assert from "node:assert/strict";
import { test } from "node:test";
import { type Command, createCommandRegistry, keyName } from "./command-registry.ts";

const none = { metaKey: false, ctrlKey: false, altKey: false, shiftKey: false };
const command = (id: string, keys: string[], more: Partial<Command> = {}): Command => ({
  id,
  title: id,
  group: "Test",
  keys,
  run() {},
  ...more,
});

test("key names: mod for Control and Command, shift only where the character does not show it", () => {
  assert.equal(keyName({ ...none, key: "k", metaKey: true }), "mod+k");
  assert.equal(keyName({ ...none, key: "Enter", ctrlKey: true }), "mod+enter");
  assert.equal(keyName({ ...none, key: "?", shiftKey: true }), "?");
  assert.equal(keyName({ ...none, key: "D", shiftKey: true }), "shift+d");
  assert.equal(keyName({ ...none, key: " " }), "space");
});

test("the newest command of a key wins, and giving it back restores the older", () => {
  const registry = createCommandRegistry();
  registry.register([command("a", ["p"])]);
  const remove = registry.register([command("b", ["p"])]);
  assert.equal(registry.find("p", false)?.id, "b");
  remove();
  assert.equal(registry.find("p", false)?.id, "a");
});

test("in a field only commands that say so are found", () => {
  const registry = createCommandRegistry();
  registry.register([command("a", ["p"]), command("run", ["mod+enter"], { inFields: true })]);
  assert.equal(registry.find("p", true), undefined);
  assert.equal(registry.find("mod+enter", true)?.id, "run");
});

test("registering an id again replaces it, and the first remover then removes nothing", () => {
  const registry = createCommandRegistry();
  const removeFirst = registry.register([command("a", ["x"])]);
  registry.register([command("a", ["y"])]);
  removeFirst();
  assert.equal(registry.find("x", false), undefined);
  assert.equal(registry.find("y", false)?.id, "a");
});
