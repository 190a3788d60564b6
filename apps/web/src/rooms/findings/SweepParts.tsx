/** Parts about sweeps: heat maps and curves, edges, token attributions. Looked at as in their room, changed never. */
import type {
  EdgeAttribution,
  EdgeAttributionRequest,
  EdgeCircuitResult,
  Snapshot,
  SweepRequest,
  SweepResult,
  TokenAttribution,
  TokenAttributionRequest,
} from "@patchbay/contract";
import { decodeSweepsView, sweepOfResult } from "@patchbay/workbench-state";
import { useMemo, useState } from "react";
import common from "../common/common.module.css";
import { formatFigure } from "../common/format-figure.ts";
import { Section } from "../common/Section.tsx";
import { EdgeResults } from "../sweeps/EdgeResults.tsx";
import { SweepResults } from "../sweeps/SweepResults.tsx";
import { TokenResults } from "../sweeps/TokenResults.tsx";

type Part = Snapshot["parts"][number];

export function SweepParts({ finding }: { readonly finding: Snapshot }) {
  return finding.parts.map((part, i) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts are immutable and keep their order
    <SweepPart key={i} part={part} path={finding.view.path} />
  ));
}

/** The server stores a part's result under the part's kind, so the kind tells the type. */
function SweepPart({ part, path }: { readonly part: Part; readonly path: string }) {
  switch (part.kind) {
    case "sweep":
      return (
        <StoredSweep
          request={part.request as SweepRequest}
          result={part.result as unknown as SweepResult}
          path={path}
          role={part.role}
        />
      );
    case "edge-attribution":
      return (
        <Section title="Edges between components" aside="estimated by gradients">
          <EdgeResults
            request={part.request as EdgeAttributionRequest}
            result={part.result as unknown as EdgeAttribution}
          />
        </Section>
      );
    case "edge-evaluation":
      return <EdgeCircuits result={part.result as unknown as EdgeCircuitResult} />;
    case "token-attribution":
      return (
        <TokenResults
          request={part.request as TokenAttributionRequest}
          result={part.result as unknown as TokenAttribution}
        />
      );
    default:
      return null;
  }
}

/** As it was shared: scale, form and chosen cell of the stored address, to be changed while reading. */
function StoredSweep({
  request,
  result,
  path,
  role,
}: {
  readonly request: SweepRequest;
  readonly result: SweepResult;
  readonly path: string;
  readonly role: string;
}) {
  const sweep = useMemo(() => sweepOfResult(result), [result]);
  const [looking, setLooking] = useState(() => {
    const { scale, form, cell } = decodeSweepsView(path.includes("?") ? path.slice(path.indexOf("?")) : "").view;
    return { scale, form, cell };
  });
  return (
    <Section
      title={role === "sweep" ? "Sweep" : role}
      aside={
        <>
          <span className="mono">{request.input.text ?? "tokens"}</span>
          {request.corrupted?.kind === "prompt" && (
            <>
              {" "}
              against <span className="mono">{request.corrupted.input.text ?? "tokens"}</span>
            </>
          )}
        </>
      }
    >
      <SweepResults
        sweep={sweep}
        request={request}
        looking={looking}
        onLook={(change) => setLooking({ ...looking, ...change })}
      />
    </Section>
  );
}

function EdgeCircuits({ result }: { readonly result: EdgeCircuitResult }) {
  const { clean, corrupted } = result.baselines;
  return (
    <Section
      title="What these edges carry"
      aside={`metric clean ${formatFigure(clean)}, corrupted ${formatFigure(corrupted)}`}
    >
      <table className={common.table}>
        <thead>
          <tr>
            <th>circuit</th>
            <th data-align="right">edges</th>
            <th data-align="right">metric</th>
            <th data-align="right">faithfulness</th>
          </tr>
        </thead>
        <tbody>
          {result.circuits.map(({ name, edges, metric, faithfulness }) => (
            <tr key={name}>
              <td>{name}</td>
              <td data-align="right">{edges}</td>
              <td data-align="right">{formatFigure(metric)}</td>
              <td data-align="right">{faithfulness === null ? "n/a" : formatFigure(faithfulness)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
