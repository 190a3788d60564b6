import type { DictionaryQuality, DictionarySummary } from "@patchbay/contract";
import { Link } from "../../shell/Link.tsx";
import { formatCount, formatFixed, formatSigned } from "../../shell/ui/format-number.ts";
import common from "../common/common.module.css";
import styles from "./Dictionaries.module.css";
import type { DictionaryAddresses } from "./dictionary-address.ts";
import { type DictionaryGroup, offeredPairs } from "./dictionary-groups.ts";
import { kindText, METRICS, measuredOn, percent, siteText, smallPercent } from "./dictionary-words.ts";
import { QualityBar } from "./QualityBar.tsx";

/** Pixels, the same in every set, so that columns stand under each other across the page; the name has the rest. */
const WIDTHS: readonly (readonly [column: string, width: number | undefined])[] = [
  ["choose", 24],
  ["name", undefined],
  ["kind", 176],
  ["site", 274],
  ["features", 66],
  ["L0", 50],
  ["unexplained", 126],
  ["mean", 118],
  ["zero", 108],
  ["loss", 66],
  ["dead", 58],
];

/** One set, a row a dictionary. The boxes choose two to compare. */
export function DictionaryTable({
  group,
  to,
  chosen,
  onChosen,
}: {
  readonly group: DictionaryGroup;
  readonly to: DictionaryAddresses;
  readonly chosen: readonly string[];
  readonly onChosen: (names: readonly string[]) => void;
}) {
  const { set, dictionaries } = group;
  const pairs = offeredPairs(dictionaries);
  const toggle = (name: string) =>
    onChosen(chosen.includes(name) ? chosen.filter((known) => known !== name) : [...chosen.slice(-1), name]);
  return (
    <section className={styles.set}>
      <h2 className="section-title">
        <span className={common.sectionName}>
          {set ?? "Single dictionaries"} <small>{dictionaries.length}</small>
        </span>
        <span className={styles.pairs}>
          {pairs.map(([left, right]) => (
            <Link key={`${left} ${right}`} href={to.compare(left, right)}>
              compare {left} with {right}
            </Link>
          ))}
        </span>
      </h2>
      <div className={styles.scroll}>
        <table className={`${common.table} ${styles.list}`}>
          <colgroup>
            {WIDTHS.map(([column, width]) => (
              <col key={column} style={width === undefined ? {} : { width }} />
            ))}
          </colgroup>
          <thead>
            <tr>
              <th scope="col">
                <span className="visually-hidden">compare</span>
              </th>
              <th scope="col">name</th>
              <th scope="col">kind</th>
              <th scope="col">site</th>
              <th scope="col" data-align="right">
                features
              </th>
              <th scope="col" data-align="right" title={titleOf("l0")}>
                L0
              </th>
              <th scope="col" title={titleOf("unexplained")}>
                variance unexplained
              </th>
              <th scope="col" title={titleOf("recoveredAgainstMean")}>
                recovered, mean
              </th>
              <th scope="col" data-align="right" title={titleOf("recoveredAgainstZero")}>
                recovered, zero
              </th>
              <th scope="col" data-align="right" title={titleOf("increase")}>
                loss
              </th>
              <th scope="col" data-align="right" title={titleOf("deadShare")}>
                dead
              </th>
            </tr>
          </thead>
          <tbody>
            {dictionaries.map((dictionary) => (
              <tr key={dictionary.name}>
                <td>
                  <input
                    type="checkbox"
                    aria-label={`Choose ${dictionary.name} for comparing`}
                    checked={chosen.includes(dictionary.name)}
                    onChange={() => toggle(dictionary.name)}
                  />
                </td>
                <td>
                  <Link
                    href={to.page(dictionary.name)}
                    className={styles.name}
                    title={dictionary.description ?? dictionary.name}
                  >
                    {dictionary.name}
                  </Link>
                </td>
                <td>
                  {kindText(dictionary)} <span className={styles.activation}>{dictionary.activation}</span>
                </td>
                <td>
                  <Site dictionary={dictionary} />
                </td>
                <td data-align="right">{formatCount(dictionary.features)}</td>
                <QualityCells quality={dictionary.quality} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Site({ dictionary }: { readonly dictionary: DictionarySummary }) {
  return (
    <code className={styles.site} title={[dictionary.inputSite, ...dictionary.outputSites].join(" → ")}>
      {siteText(dictionary)}
    </code>
  );
}

function QualityCells({ quality }: { readonly quality: DictionaryQuality | null }) {
  if (quality === null) {
    return (
      <td colSpan={6} className={styles.unmeasured}>
        not measured
      </td>
    );
  }
  const { loss } = quality;
  return (
    <>
      <td data-align="right" title={measuredOn(quality)}>
        {formatFixed(quality.l0, 1)}
      </td>
      <td>
        <QualityBar share={quality.unexplained} text={formatFixed(quality.unexplained, 3)} tone="lack" />
      </td>
      <td>
        <QualityBar share={loss.recoveredAgainstMean} text={percent(loss.recoveredAgainstMean)} tone="gain" />
      </td>
      <td data-align="right">{percent(loss.recoveredAgainstZero)}</td>
      <td data-align="right" title={`${formatFixed(loss.original, 3)} → ${formatFixed(loss.spliced, 3)}`}>
        {formatSigned(loss.spliced - loss.original, 3)}
      </td>
      <td data-align="right" data-tone={quality.deadShare > 0.2 ? "warn" : undefined} className={styles.dead}>
        {smallPercent(quality.deadShare)}
      </td>
    </>
  );
}

function titleOf(metric: keyof typeof METRICS): string {
  const { formula, unit, meaning } = METRICS[metric];
  return `${formula} (${unit}). ${meaning}`;
}
