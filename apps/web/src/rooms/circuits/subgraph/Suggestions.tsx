import type { SupernodeSuggestion } from "@patchbay/circuit-graph";
import { useEffect, useState } from "react";
import { Button } from "../../../shell/ui/Button.tsx";
import { formatFixed } from "../../../shell/ui/format-number.ts";
import { Popover } from "../../../shell/ui/Popover.tsx";
import { visibleToken } from "../../../shell/ui/token-text.ts";
import { SkeletonStack } from "../../common/SkeletonStack.tsx";
import { useCircuitRoom, useCircuitsView } from "../circuits-context.tsx";
import { groupAll } from "../edits.ts";
import { nodeName } from "../node-words.ts";
import parts from "../Parts.module.css";
import { decoderSimilarities } from "./decoder-similarities.ts";

/** Groups that suggest themselves, each with its reasons; accepted one by one or all. */
export function Suggestions() {
  return (
    <Popover
      label="Suggested groups"
      align="end"
      trigger={(trigger) => (
        <Button kind="bare" title="Groups that suggest themselves" {...trigger}>
          Suggest groups
        </Button>
      )}
    >
      {() => <List />}
    </Popover>
  );
}

function List() {
  const { store, client, circuit, drawing, noteOf, model } = useCircuitRoom();
  const { supernodes } = useCircuitsView().annotations;
  const [found, setFound] = useState<readonly SupernodeSuggestion[]>();
  const { graph } = circuit;
  useEffect(() => {
    const leave = new AbortController();
    const topTokens = new Map<number, readonly string[]>();
    for (const place of drawing.nodes) {
      const node = graph.nodes[place];
      const fires = node === undefined ? undefined : noteOf(node)?.fires;
      if (fires !== undefined && fires.length > 0) topTokens.set(place, fires);
    }
    async function ask() {
      const similarities =
        model === undefined ? new Map() : await decoderSimilarities(model.name, graph, drawing.nodes, leave.signal);
      const suggestions = await client.ask("suggest", { nodes: drawing.nodes, topTokens, similarities });
      if (!leave.signal.aborted) setFound(suggestions);
    }
    ask().catch(() => !leave.signal.aborted && setFound([]));
    return () => leave.abort();
  }, [client, graph, drawing, noteOf, model]);
  const taken = new Set(supernodes.flatMap(({ nodes }) => nodes));
  const ids = ({ nodes }: SupernodeSuggestion) => nodes.flatMap((place) => graph.nodes[place]?.id ?? []);
  const open = found?.filter((suggestion) => !ids(suggestion).every((id) => taken.has(id)));
  if (open === undefined) return <SkeletonStack count={4} height={34} />;
  if (open.length === 0)
    return (
      <p className="quiet">
        Nothing among the shown features suggests a group: no shared tokens or labels, no like decoders or neighbours.
      </p>
    );
  const accept = (suggestions: readonly SupernodeSuggestion[]) =>
    groupAll(
      store,
      suggestions.map((suggestion) => ({ ids: ids(suggestion), label: suggestion.label })),
    );
  return (
    <div className={parts.suggestions}>
      <p className={parts.suggestionsHead}>
        <span>{open.length} groups of shown features</span>
        <Button onClick={() => accept(open)}>Accept all</Button>
      </p>
      <ul>
        {open.slice(0, SHOWN).map((suggestion) => (
          <li key={suggestion.nodes.join()}>
            <div>
              <b>{suggestion.label === "" ? "unnamed" : suggestion.label}</b>{" "}
              <span className="mono quiet">
                {suggestion.nodes
                  .slice(0, 4)
                  .map((place) => {
                    const node = graph.nodes[place];
                    return node === undefined ? "" : `${nodeName(node, graph.tokens)}@${node.position}`;
                  })
                  .join(", ")}
                {suggestion.nodes.length > 4 ? ` and ${suggestion.nodes.length - 4} more` : ""}
              </span>
              <small>{suggestion.reasons.map(reasonText).join(" · ")}</small>
            </div>
            <Button onClick={() => accept([suggestion])}>Accept</Button>
          </li>
        ))}
      </ul>
    </div>
  );
}

const SHOWN = 60;

const REASONS = {
  "same-feature": "the same feature at other positions",
  "same-label": "the same label",
  "top-tokens": "fire on the same tokens",
  decoder: "write alike",
  neighbours: "same inputs and outputs",
} as const;

export function reasonText({ kind, similarity, shared }: SupernodeSuggestion["reasons"][number]): string {
  const tokens =
    kind === "top-tokens"
      ? `: ${shared
          .slice(0, 4)
          .map((text) => visibleToken(text))
          .join(" ")}`
      : "";
  const value = kind === "decoder" || kind === "neighbours" ? ` (cosine ${formatFixed(similarity)} or more)` : "";
  return `${REASONS[kind]}${tokens}${value}`;
}
