import assert from "node:assert/strict";
import { test } from "node:test";
import { dataHome } from "./data-home.ts";

const at = (platform: NodeJS.Platform, environment: Record<string, string>) =>
  dataHome({ platform, environment, home: "/home/ada" });

test("PATCHBAY_HOME wins everywhere", () => {
  for (const platform of ["linux", "darwin", "win32"] as const) {
    assert.equal(at(platform, { PATCHBAY_HOME: "/data/pb", XDG_DATA_HOME: "/xdg" }), "/data/pb");
  }
});

test("Linux follows XDG", () => {
  assert.equal(at("linux", { XDG_DATA_HOME: "/xdg" }), "/xdg/patchbay");
  assert.equal(at("linux", { XDG_DATA_HOME: "relative" }), "/home/ada/.local/share/patchbay");
  assert.equal(at("linux", { PATCHBAY_HOME: "" }), "/home/ada/.local/share/patchbay");
});

test("macOS and Windows have their own places", () => {
  assert.equal(at("darwin", {}), "/home/ada/Library/Application Support/patchbay");
  assert.match(at("win32", { LOCALAPPDATA: "/local" }), /local.patchbay$/);
});
