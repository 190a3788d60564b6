import type { TokenNeurons } from "@patchbay/contract";
import { api } from "../../shell/api.ts";
import { useResource } from "../../shell/resource.ts";
import type { AtlasView } from "./atlas-view.ts";

/** The neurons of the token in the view, best rank first; undefined without a token or before the answer. */
export function useTokenNeurons(model: string, { token, side, variant }: AtlasView): TokenNeurons | undefined {
  const key = token === undefined ? undefined : `token-neurons:${model}:${side}:${variant}:${token}`;
  const { state } = useResource(key, (signal) =>
    api.tokenNeurons({ params: { model }, query: { token: token ?? "", side, variant, limit: 500 }, signal }),
  );
  return key === undefined ? undefined : state.value;
}
