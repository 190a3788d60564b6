/**
 * A pass in which the values of chosen output sites are replaced whole: by a dictionary's output, by zeros, by a mean.
 * The block's sum is corrected and the pass resumed above it, which costs no edit of the graph and is exact:
 * resid_post + (new − old) where the site is mlp_out, the new value itself where the site is the stream.
 */
import type { Engine } from "@patchbay/transformer";
import { ensureDefined, nameOf, PatchbayError, type Site, type Tensor } from "@patchbay/vocabulary";

export interface OutputReplacement {
  /** What is replaced: hook_mlp_out, hook_resid_pre or hook_resid_post of a layer. */
  readonly outputSite: Site;
  /** Sites of the same block that `replace` looks at. */
  readonly inputSites: readonly Site[];
  /** Whole values [batch, position, …] in the pass as it stands, earlier replacements included; returns the new output. */
  replace(output: Tensor, inputs: readonly Tensor[]): Promise<Tensor>;
}

export interface ReplacedPass {
  /** [row][position]; rows of equal length */
  readonly tokens: readonly (readonly number[])[];
  readonly replacements: readonly OutputReplacement[];
  readonly signal?: AbortSignal;
}

/** The final residual stream [batch, position, residual]. Replacements act in the order of their layers. */
export async function residualWithReplacements(
  engine: Engine,
  { tokens, replacements, signal }: ReplacedPass,
): Promise<Tensor> {
  const { layers } = engine.model.shape;
  const common = { tokens, ...(signal === undefined ? {} : { signal }) };
  const ordered = [...replacements].sort((a, b) => layerOf(a.outputSite) - layerOf(b.outputSite));
  let layer = 0;
  let residual: Tensor | undefined;
  const upTo = async (until: number, reads: readonly Site[] = []) => {
    const pass = await engine.forward({
      ...common,
      until,
      reads: reads.map((site) => ({ site })),
      ...(residual === undefined ? {} : { from: { layer, residual } }),
    });
    layer = until;
    residual = pass.residual;
    return pass;
  };
  for (const { outputSite, inputSites, replace } of ordered) {
    const at = layerOf(outputSite);
    if (outputSite.kind === "hook_resid_pre") {
      if (at > layer || residual === undefined) await upTo(at);
      residual = await replace(
        ensureDefined(residual),
        inputSites.map(() => ensureDefined(residual)),
      );
      continue;
    }
    if (at > layer) await upTo(at);
    const pass = await upTo(at + 1, [outputSite, ...inputSites]);
    const [output, ...inputs] = pass.reads;
    const replaced = await replace(ensureDefined(output), inputs);
    residual =
      outputSite.kind === "hook_resid_post" ? replaced : withDifference(pass.residual, replaced, ensureDefined(output));
  }
  if (layer < layers || residual === undefined) await upTo(layers);
  return ensureDefined(residual);
}

export function canReplace({ kind }: Site): boolean {
  return kind === "hook_mlp_out" || kind === "hook_resid_pre" || kind === "hook_resid_post";
}

function layerOf(site: Site): number {
  if (canReplace(site)) return site.layer ?? 0;
  throw new PatchbayError("site-not-writable", `"${nameOf(site)}" cannot be replaced whole.`, {
    expected: "hook_mlp_out, hook_resid_pre or hook_resid_post of a block",
    advice: "Use interventions on single features, which act at any site.",
  });
}

function withDifference(sum: Tensor, replaced: Tensor, output: Tensor): Tensor {
  const data = Float32Array.from(sum.data, (value, i) => value + ((replaced.data[i] ?? 0) - (output.data[i] ?? 0)));
  return { ...sum, data };
}
