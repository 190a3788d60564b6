/** The causal panel in words: how the unit compares with random ones, without more certainty than the numbers have. */
import type { UnitEffect } from "@patchbay/contract";
import { formatSigned } from "../../../shell/ui/format-number.ts";
import { formatFigure } from "../format-figure.ts";

export function effectSentence({ meanKl, meanLossChange, random }: UnitEffect): string {
  const own = `Loss ${formatSigned(meanLossChange, 3)} nats, KL ${formatFigure(meanKl)} on its own examples`;
  if (random.kls.length === 0) return `${own}; no other unit of the source fires there to compare with.`;
  const beaten = random.kls.filter((kl) => meanKl > kl).length;
  const others = `random units: loss ${formatSigned(random.meanLossChange, 3)}, KL ${formatFigure(random.meanKl)}`;
  return `${own}; ${others}. ${verdict(beaten, random.kls.length)}`;
}

function verdict(beaten: number, of: number): string {
  if (beaten === of) return `More than every one of ${of} random units.`;
  if (beaten === 0) return `No more than any of ${of} random units: here it is not special.`;
  return `More than ${beaten} of ${of} random units.`;
}
