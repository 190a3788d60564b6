import assert from "node:assert/strict";
import { test } from "node:test";
import { csvDocument } from "./figure-export.ts";

test("tokens with spaces, quotes and line breaks survive CSV", () => {
  const csv = csvDocument(
    ["token", "probability"],
    [
      [" L", 0.977],
      ['"', 0.1],
      ["\n", null],
      ["a,b", undefined],
    ],
  );
  assert.equal(csv, 'token,probability\r\n" L",0.977\r\n"""",0.1\r\n"\n",\r\n"a,b",\r\n');
});
