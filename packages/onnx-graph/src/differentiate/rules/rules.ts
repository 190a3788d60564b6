/** Which operators are differentiated, and how. */
import type { GraphNode } from "../../graph.ts";
import type { Rule } from "../rule.ts";
import { ELEMENT_WISE_RULES } from "./element-wise.ts";
import { INDEXING_RULES } from "./indexing.ts";
import { LAYOUT_RULES } from "./layout.ts";
import { PRODUCT_RULES } from "./products.ts";
import { REDUCTION_RULES } from "./reductions.ts";

const RULES: ReadonlyMap<string, Rule> = new Map(
  Object.entries({
    ...ELEMENT_WISE_RULES,
    ...PRODUCT_RULES,
    ...REDUCTION_RULES,
    ...LAYOUT_RULES,
    ...INDEXING_RULES,
  }),
);

/** Their outputs do not change, or jump, when their inputs move a little: nothing flows back. */
const LOCALLY_CONSTANT: ReadonlySet<string> = new Set([
  ...["Shape", "Size", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "And", "Or", "Xor"],
  ...["ArgMax", "ArgMin", "NonZero", "IsNaN", "IsInf", "Sign", "Floor", "Ceil", "Round"],
]);

export function ruleOf({ operator, domain }: GraphNode): Rule | undefined {
  return domain === "" ? RULES.get(operator) : undefined;
}

export function isLocallyConstant({ operator, domain }: GraphNode): boolean {
  return domain === "" && LOCALLY_CONSTANT.has(operator);
}
