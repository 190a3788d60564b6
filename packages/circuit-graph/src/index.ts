export * from "./circuit-graph.ts";
export { alignTokens } from "./comparison/align-tokens.ts";
export { type GraphMatch, type MatchOptions, matchNodes, type NodeMatch } from "./comparison/match-nodes.ts";
export { type Connection, type Connections, connectionsOf } from "./connections.ts";
export { type EdgeIndex, type EdgeRows, findCycle, indexEdges } from "./edge-index.ts";
export { cantorNumber, fromCantorNumber } from "./interchange/feature-number.ts";
export { type ReadGraph, readGraphFile } from "./interchange/read-graph-file.ts";
export { writeGraphFile } from "./interchange/write-graph-file.ts";
export { conventionalNodeId, conventionalNodeIds, type IdFacts } from "./node-ids.ts";
export { describeNotice, type GraphNotice, NOTICE_CODES, type NoticeCode } from "./notices.ts";
export { readGraph, readGraphText } from "./open-graph.ts";
export { type ParsedGraphText, parseGraphText } from "./parse-graph-text.ts";
export { readPatchbayGraph } from "./patchbay-format.ts";
export { cumulativeInfluence, type InfluenceOptions, influenceOf, withInfluence } from "./scores/influence.ts";
export {
  cleanUp,
  edgeScores,
  edgesAmong,
  type Pruned,
  type PruneOptions,
  pruneByStoredInfluence,
  pruneEdges,
  pruneGraph,
  pruneNodes,
} from "./scores/prune.ts";
export { completenessScore, graphScores, replacementScore, scoresOfGraph, subgraphScores } from "./scores/scores.ts";
export { indexForScores, type ScoringIndex } from "./scores/scoring-index.ts";
export { selectSubgraph } from "./select-subgraph.ts";
export {
  type CollapsedEdge,
  type CollapsedGraph,
  type CollapsedNode,
  type CollapseOptions,
  collapseSupernodes,
} from "./supernodes/collapse.ts";
export {
  REASON_KINDS,
  type ReasonKind,
  type SuggestionReason,
  type SuggestOptions,
  type SupernodeSuggestion,
  suggestSupernodes,
} from "./supernodes/suggest.ts";
export {
  groupNodes,
  labelNode,
  pinNode,
  placeNode,
  renameSupernode,
  setThresholds,
  ungroupNodes,
  unpinNode,
} from "./view-edits.ts";
