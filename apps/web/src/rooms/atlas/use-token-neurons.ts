import type { TokenNeurons } from "@patchbay/contract";
import { api } from "../../shell/api.ts";
import { useResource } from "../../shell/resource.ts";
import type { ProblemFacts } from "../../shell/ui/ErrorState.tsx";
import type { AtlasView } from "./atlas-view.ts";

export interface NamedNeurons {
  readonly value: TokenNeurons | undefined;
  readonly problem: ProblemFacts | undefined;
}

/** The neurons of the token in the view, best rank first; nothing without a token or before the answer. */
export function useTokenNeurons(model: string | undefined, { token, side, variant }: AtlasView): NamedNeurons {
  const key =
    token === undefined || model === undefined ? undefined : `token-neurons:${model}:${side}:${variant}:${token}`;
  const { state, valueKey } = useResource(key, (signal) =>
    api.tokenNeurons({
      params: { model: model ?? "" },
      query: { token: token ?? "", side, variant, limit: 500 },
      signal,
    }),
  );
  return {
    value: key !== undefined && valueKey === key ? state.value : undefined,
    problem: key !== undefined && state.status === "failed" ? state.problem : undefined,
  };
}
