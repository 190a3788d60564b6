/** Where a dictionary is blind: the tokens, and the texts, at which its error is large. */
import { TokenHeatMap } from "@patchbay/charts/react";
import type { DarkMatter } from "@patchbay/contract";
import { useMemo, useState } from "react";
import { Button } from "../../shell/ui/Button.tsx";
import { formatFixed } from "../../shell/ui/format-number.ts";
import { TokenChip } from "../../shell/ui/TokenChip.tsx";
import { visibleToken } from "../../shell/ui/token-text.ts";
import common from "../common/common.module.css";
import { Section } from "../common/Section.tsx";
import styles from "./Dictionaries.module.css";
import { Exports } from "./Exports.tsx";
import { QualityBar } from "./QualityBar.tsx";

const FIRST_TEXTS = 4;
const LISTED_TOKENS = 14;

export function BlindTexts({ texts }: { readonly texts: DarkMatter["blind"] }) {
  const [all, setAll] = useState(false);
  // One scale for all texts, so that equal colour is equal error; the strongest hundredth is clipped.
  const limit = useMemo(() => {
    const errors = texts.flatMap(({ error }) => error).sort((a, b) => a - b);
    return errors[Math.floor(errors.length * 0.99)] ?? 1;
  }, [texts]);
  if (texts.length === 0) return null;
  return (
    <Section
      title="Where the dictionary is blind"
      aside="‖error‖² ⁄ mean ‖x − mean x‖² at each token; one scale for all texts"
    >
      <div className={styles.blind}>
        {(all ? texts : texts.slice(0, FIRST_TEXTS)).map((text, i) => (
          <BlindText key={text.document} text={text} limit={limit} explained={i === 0} />
        ))}
      </div>
      {!all && texts.length > FIRST_TEXTS && (
        <Button kind="bare" onClick={() => setAll(true)}>
          Show all {texts.length} texts
        </Button>
      )}
    </Section>
  );
}

function BlindText({
  text,
  limit,
  explained,
}: {
  readonly text: DarkMatter["blind"][number];
  readonly limit: number;
  /** What the colour means is said once. */
  readonly explained: boolean;
}) {
  const [selected, setSelected] = useState<number>();
  const tokens = useMemo(
    () =>
      text.tokens.map((token, position) => ({
        position,
        text: token.text,
        label: visibleToken(token.text),
        value: text.error[position],
      })),
    [text],
  );
  return (
    <article aria-label={`Text ${text.document}`}>
      <TokenHeatMap
        tokens={tokens}
        quantity="error"
        limit={limit}
        {...(!explained && { rest: "" })}
        {...(selected !== undefined && { selected })}
        onSelect={setSelected}
      />
    </article>
  );
}

export function BlindTokens({ tokens, name }: { readonly tokens: DarkMatter["blindTokens"]; readonly name: string }) {
  const worst = Math.max(...tokens.map(({ error }) => error), 1e-9);
  return (
    <Section
      title="Tokens with the largest error"
      aside={
        <>
          mean error, tokens seen a few times{" "}
          <Exports
            name={`${name}-blind-tokens`}
            table={() => ({
              header: ["token", "seen", "mean error"],
              rows: tokens.map(({ text, count, error }) => [text, count, error]),
            })}
          />
        </>
      }
    >
      {tokens.length === 0 && <p className="quiet">No token was seen often enough to be listed.</p>}
      {tokens.length > 0 && (
        <table className={common.table}>
          <thead>
            <tr>
              <th scope="col">token</th>
              <th scope="col" data-align="right">
                seen
              </th>
              <th scope="col">mean error</th>
            </tr>
          </thead>
          <tbody>
            {tokens.slice(0, LISTED_TOKENS).map(({ text, count, error }) => (
              <tr key={text}>
                <td>
                  <TokenChip text={text} />
                </td>
                <td data-align="right">{count}</td>
                <td>
                  <QualityBar share={error / worst} text={formatFixed(error, 2)} tone="lack" />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}
