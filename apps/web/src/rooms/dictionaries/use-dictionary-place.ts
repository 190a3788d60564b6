/** Which model a dictionary room speaks about, and the addresses under it. */
import type { ModelSummary } from "@patchbay/contract";
import { useMemo } from "react";
import { useDefaultModel, useModel, useModels } from "../../shell/models.ts";
import type { ProblemFacts } from "../../shell/ui/ErrorState.tsx";
import { type Query, useQuery } from "../common/query.ts";
import { type DictionaryAddresses, dictionaryAddresses } from "./dictionary-address.ts";

export interface DictionaryPlace {
  /** undefined while the models load, and where the address names one that is not installed. */
  readonly model: ModelSummary | undefined;
  /** Why there is no model, once that is known. */
  readonly problem: ProblemFacts | undefined;
  readonly query: Query;
  readonly to: DictionaryAddresses;
}

export function useDictionaryPlace(): DictionaryPlace {
  const query = useQuery();
  const named = query.get("model");
  const { status, problem } = useModels();
  const model = useModel(named);
  const usual = useDefaultModel()?.name;
  const to = useMemo(() => dictionaryAddresses(named === usual ? undefined : named), [named, usual]);
  const settled = status === "ready" || status === "failed";
  return { model, problem: model === undefined && settled ? (problem ?? missing(named)) : undefined, query, to };
}

function missing(named: string | undefined): ProblemFacts {
  return {
    title: named === undefined ? "No model is installed" : `There is no model “${named}”`,
    detail:
      named === undefined
        ? "Dictionaries belong to a model. Add one first: npx patchbay add PATH."
        : "It may have been removed, or the address is mistyped.",
  };
}
