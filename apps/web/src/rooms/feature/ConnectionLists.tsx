import type { FeatureConnections } from "@patchbay/contract";
import { tracePath } from "@patchbay/workbench-state";
import type { CSSProperties } from "react";
import { Link } from "../../shell/Link.tsx";
import common from "../common/common.module.css";
import { formatFigure } from "../common/format-figure.ts";
import { TokenChips } from "../common/TokenChips.tsx";
import type { DictionaryAddresses } from "../dictionaries/dictionary-address.ts";
import { connectionKey, headName, type WeightConnection } from "./connection-rows.ts";
import styles from "./Feature.module.css";
import type { ConnectionNames } from "./use-connection-names.ts";

type Head = FeatureConnections["inputHeads"][number];

/** Where a link leads: features to their own connections, heads to their pattern on the reader's text. */
export interface ConnectionPlaces {
  readonly model: string;
  readonly text: string | undefined;
  readonly to: DictionaryAddresses;
  readonly names: ConnectionNames;
}

/** Features at one side, directly and through heads; bars are to the largest factor of both lists. */
export function ConnectionSide({
  title,
  direct,
  throughHeads,
  heads,
  headMeaning,
  places,
}: {
  readonly title: "Inputs" | "Outputs";
  readonly direct: readonly WeightConnection[];
  readonly throughHeads: readonly WeightConnection[];
  readonly heads: readonly Head[];
  readonly headMeaning: string;
  readonly places: ConnectionPlaces;
}) {
  const largest = [...direct, ...throughHeads].reduce((most, { factor }) => Math.max(most, Math.abs(factor)), 1e-12);
  const side = title.toLowerCase();
  return (
    <div className={styles.side}>
      <h3>{title}</h3>
      {direct.length + throughHeads.length === 0 && (
        <p className="quiet">No transcoder of the set {title === "Inputs" ? "writes below it" : "reads above it"}.</p>
      )}
      <ConnectionRows
        name={`Direct ${side}`}
        caption="directly, at one position"
        connections={direct}
        {...{ largest, places }}
      />
      <ConnectionRows
        name={`${title} through heads`}
        caption="through one head’s OV map"
        connections={throughHeads}
        {...{ largest, places }}
      />
      {heads.length > 0 && (
        <p className={styles.heads} title={headMeaning}>
          <span className="quiet">{title === "Inputs" ? "reads most through" : "carried most by"}</span>
          {heads.map((head) => (
            <span key={headName(head)}>
              <HeadLink head={head} places={places} /> {formatFigure(head.norm)}
            </span>
          ))}
        </p>
      )}
    </div>
  );
}

function ConnectionRows({
  name,
  caption,
  connections,
  largest,
  places,
}: {
  readonly name: string;
  readonly caption: string;
  readonly connections: readonly WeightConnection[];
  readonly largest: number;
  readonly places: ConnectionPlaces;
}) {
  if (connections.length === 0) return null;
  return (
    <>
      <h4>{caption}</h4>
      <ol className={styles.rows} aria-label={name}>
        {connections.map((connection) => {
          const { dictionary, layer, feature, factor, head } = connection;
          const label = places.names.get(`${dictionary} ${feature}`);
          return (
            <li key={connectionKey(connection)}>
              <Link
                href={places.to.feature(dictionary, feature, { connections: "open" })}
                title={`${dictionary} F${feature}${label === undefined ? "" : `\n${label}`}\nfactor ${factor}`}
              >
                <i
                  data-negative={factor < 0}
                  style={{ "--share": Math.abs(factor) / largest } as CSSProperties}
                  aria-hidden="true"
                />
                <span>
                  L{layer} F{feature} <em>{label}</em>
                </span>
              </Link>
              <span>{head !== null && <HeadLink head={head} places={places} />}</span>
              <span>{factor > 0 ? `+${formatFigure(factor)}` : formatFigure(factor)}</span>
            </li>
          );
        })}
      </ol>
    </>
  );
}

function HeadLink({
  head,
  places,
}: {
  readonly head: { readonly layer: number; readonly head: number };
  readonly places: ConnectionPlaces;
}) {
  const { model, text } = places;
  const { layer, head: index } = head;
  return (
    <Link
      className="mono"
      href={tracePath({
        model,
        ...(text === undefined ? {} : { prompt: text }),
        panel: "attention",
        head: { layer, head: index },
      })}
      title="Its pattern on your text, in Trace"
    >
      {headName(head)}
    </Link>
  );
}

/** Tokens whose embedding fires the feature, at their own position and through single heads. */
export function DeEmbedding({
  deEmbedding,
  places,
}: {
  readonly deEmbedding: FeatureConnections["deEmbedding"];
  readonly places: ConnectionPlaces;
}) {
  const { direct, heads } = deEmbedding;
  return (
    <table className={common.table} aria-label="De-embedding">
      <thead>
        <tr>
          <th>token embedding read</th>
          <th data-align="right" title="Length of what the feature reads through the head’s OV map">
            length
          </th>
          <th>fire it</th>
          <th>silence it</th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <td>directly</td>
          <td />
          <td>
            <TokenChips tokens={direct.promotes} quantity="factor" />
          </td>
          <td>
            <TokenChips tokens={direct.suppresses} quantity="factor" />
          </td>
        </tr>
        {heads.map((head) => (
          <tr key={headName(head)}>
            <td>
              through <HeadLink head={head} places={places} />
            </td>
            <td data-align="right">{formatFigure(head.norm)}</td>
            <td>
              <TokenChips tokens={head.tokens.promotes} quantity="factor" />
            </td>
            <td>
              <TokenChips tokens={head.tokens.suppresses} quantity="factor" />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
