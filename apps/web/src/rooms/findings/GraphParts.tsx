/** Parts about attribution graphs: the graph as it was shown, changed nodes, and top against random. */
import { circuitSvg } from "@patchbay/charts/geometry";
import { ExportMenu, pagePalette } from "@patchbay/charts/react";
import type {
  GraphDeletionRequest,
  GraphDeletionResult,
  GraphInterventionRequest,
  GraphInterventionResult,
  GraphResult,
  Snapshot,
} from "@patchbay/contract";
import { useEffect, useMemo, useState } from "react";
import { useTheme } from "../../shell/theme.ts";
import { formatFixed } from "../../shell/ui/format-number.ts";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import { DeletionResult } from "../circuits/check/DeletionResult.tsx";
import { InterventionResult } from "../circuits/check/InterventionResult.tsx";
import { type StoredDrawing, storedDrawing, svgContent } from "../circuits/share/stored-drawing.ts";
import common from "../common/common.module.css";
import { Section } from "../common/Section.tsx";
import styles from "./Findings.module.css";

type Part = Snapshot["parts"][number];

export function GraphParts({ finding }: { readonly finding: Snapshot }) {
  return finding.parts.map((part, i) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts are immutable and keep their order
    <GraphPart key={i} part={part} path={finding.view.path} />
  ));
}

/** The server stores a part's result under the part's kind, so the kind tells the type. */
function GraphPart({ part, path }: { readonly part: Part; readonly path: string }) {
  if (part.kind === "attribution-graph")
    return <AttributionGraph result={part.result as unknown as GraphResult} path={path} />;
  if (part.kind === "graph-intervention") {
    const request = part.request as Pick<GraphInterventionRequest, "nodes">;
    return (
      // The role says what was done, where there are several: "without “an opening mark”".
      <Section
        title={part.role.startsWith("without") ? `Changed nodes: ${part.role}` : "Changed nodes"}
        aside="what the graph predicts against what the model does"
      >
        <InterventionResult request={request} result={part.result as unknown as GraphInterventionResult} />
      </Section>
    );
  }
  if (part.kind === "graph-deletion") {
    return (
      <Section title="Top features against random ones" aside="the answer must fall faster without the top ones">
        <DeletionResult
          request={part.request as Pick<GraphDeletionRequest, "order">}
          result={part.result as unknown as GraphDeletionResult}
        />
      </Section>
    );
  }
  return null;
}

/** With the pins, groups and thresholds of the view that was shared. */
function AttributionGraph({ result, path }: { readonly result: GraphResult; readonly path: string }) {
  const theme = useTheme();
  const [shown, setShown] = useState<StoredDrawing>();
  // After the first paint: a large graph takes a moment.
  useEffect(() => {
    const timer = setTimeout(() => setShown(storedDrawing(result.graph, path)), 0);
    return () => clearTimeout(timer);
  }, [result, path]);
  const svg = useMemo(() => {
    void theme;
    return shown === undefined ? undefined : circuitSvg({ ...svgContent(shown), colours: pagePalette() }).svg;
  }, [shown, theme]);
  return (
    <Section
      title="Attribution graph"
      aside={
        <span className={styles.aside}>
          {scoreWords(result.scores)}
          {shown !== undefined && svg !== undefined && (
            <ExportMenu
              name="attribution-graph"
              svg={() => svg}
              table={() => ({
                header: ["node", "kind", "layer", "position", "label", "activation", "influence"],
                rows: shown.nodes.map((node) => [
                  node.id,
                  node.kind,
                  node.layer,
                  node.position,
                  node.label,
                  node.activation,
                  node.influence,
                ]),
              })}
            />
          )}
        </span>
      }
    >
      {svg === undefined || shown === undefined ? (
        <Skeleton height={360} />
      ) : (
        <>
          {/* biome-ignore lint/performance/noImgElement: a drawing made here, not a file that could be optimised */}
          <img
            src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`}
            alt={`Attribution graph: ${shown.nodes.length} nodes, ${shown.drawing.edges.length} edges`}
            style={{ maxWidth: "100%", height: "auto" }}
          />
          {shown.groups.length > 0 && (
            <table className={common.table} aria-label="Supernodes">
              <thead>
                <tr>
                  <th>supernode</th>
                  <th>nodes</th>
                </tr>
              </thead>
              <tbody>
                {shown.groups.map(({ id, label, nodes }) => (
                  <tr key={id}>
                    <td>{label === "" ? "unnamed" : label}</td>
                    <td className="mono">{nodes.join(", ")}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </>
      )}
    </Section>
  );
}

/** Of the graph before pruning; the figure's own caption says those of what it shows. */
function scoreWords({ replacement, completeness }: GraphResult["scores"]): string {
  const words = Object.entries({ replacement, completeness }).flatMap(([name, score]) =>
    score === null ? [] : [`${name} ${formatFixed(score * 100, 1)} %`],
  );
  return words.length === 0 ? "" : `before pruning: ${words.join(" · ")}`;
}
