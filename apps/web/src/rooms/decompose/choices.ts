/** What a reader has chosen inside an answer. In the room the address holds it; on a finding's page it lasts as long as the page. */
import { useMemo, useState } from "react";
import { type Query, withQuery } from "../common/query.ts";

export type Choices = Pick<Query, "get" | "getAll" | "set">;

export function useLocalChoices(): Choices {
  const [search, setSearch] = useState("");
  return useMemo(() => {
    const parameters = new URLSearchParams(search);
    return {
      get: (name) => parameters.get(name) ?? undefined,
      getAll: (name) => parameters.getAll(name),
      set: (change) => setSearch((before) => withQuery(before, change)),
    };
  }, [search]);
}
