import type { FeaturePage } from "@patchbay/contract";
import { Link } from "../../shell/Link.tsx";
import { formatFixed } from "../../shell/ui/format-number.ts";
import { Section } from "../common/Section.tsx";
import type { DictionaryAddresses } from "../dictionaries/dictionary-address.ts";
import styles from "./Feature.module.css";

const SHOWN = 10;

/** The features whose decoder vectors point the same way, here and in other dictionaries. */
export function NearestFeatures({ page, to }: { readonly page: FeaturePage; readonly to: DictionaryAddresses }) {
  const own = page.dictionary.name;
  return (
    <Section title="Nearest features" aside="cosine of decoders">
      {page.nearest.length === 0 && <p className="quiet">No other dictionary lives in the same space.</p>}
      <ol className={styles.nearest}>
        {page.nearest.slice(0, SHOWN).map(({ dictionary, feature, cosine }) => (
          <li key={`${dictionary} ${feature}`}>
            <Link href={to.feature(dictionary, feature)}>
              <i
                style={{ width: `${Math.min(1, Math.abs(cosine)) * 100}%` }}
                data-negative={cosine < 0}
                aria-hidden="true"
              />
              <span className="mono">F{feature}</span>{" "}
              <span className="quiet">{dictionary === own ? "this dictionary" : dictionary}</span>
            </Link>
            <span>{formatFixed(cosine, 3)}</span>
          </li>
        ))}
      </ol>
    </Section>
  );
}
