import { neuronLabel } from "@patchbay/vocabulary";
import { formatFixed } from "../../shell/ui/format-number.ts";
import common from "../common/common.module.css";
import { Section } from "../common/Section.tsx";
import { TokenChips } from "../common/TokenChips.tsx";
import type { Ledger } from "../common/wire.ts";

/** The feed-forward layer's largest sub-updates at a place. */
export function LedgerPart({ ledger }: { readonly ledger: Ledger }) {
  const { layer, position } = ledger;
  return (
    <Section
      title="Neurons firing"
      aside={`layer ${layer}, position ${position} · |activation| × length · rest ${formatFixed(ledger.restNorm, 2)} of ${formatFixed(ledger.outputNorm, 2)}`}
    >
      <table className={common.table}>
        <thead>
          <tr>
            <th scope="col">neuron</th>
            <th scope="col" data-align="right">
              activation
            </th>
            <th scope="col" data-align="right">
              length
            </th>
            <th scope="col">promotes</th>
            <th scope="col">suppresses</th>
          </tr>
        </thead>
        <tbody>
          {ledger.updates.map((update) => (
            <tr key={update.neuron}>
              <td>
                <code>{neuronLabel({ layer, neuron: update.neuron })}</code>
              </td>
              <td data-align="right">{formatFixed(update.activation, 2)}</td>
              <td data-align="right">{formatFixed(update.norm, 2)}</td>
              <td>
                <TokenChips tokens={update.promotes} quantity="logit" />
              </td>
              <td>
                <TokenChips tokens={update.suppresses} quantity="logit" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
