import { divergingScale, sequentialScale } from "@patchbay/charts/geometry";
import { AttentionArcs, AttentionMatrix, type AttentionPattern, HeadMap } from "@patchbay/charts/react";
import type { CaptureResult, ModelSummary, RunResult } from "@patchbay/contract";
import { headLabel } from "@patchbay/vocabulary";
import { interventionsOf, patternRequest } from "@patchbay/workbench-state";
import { useEffect, useMemo } from "react";
import { useTheme } from "../../shell/theme.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { formatFixed, formatSigned } from "../../shell/ui/format-number.ts";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import { visibleToken } from "../../shell/ui/token-text.ts";
import styles from "./Panels.module.css";
import { addPatch } from "./patch-actions.ts";
import { useTraceStore, useView } from "./trace-context.tsx";
import { useRun } from "./use-run.ts";
import type { TraceData } from "./use-trace-data.ts";
import { type Head, readingHead, writingHead } from "./writing-head.ts";

/** Above this many weights only the chosen layer is fetched: 36 heads of 150 tokens are 10 MB of text. */
const WEIGHTS_AT_ONCE = 900_000;

/** Every head small, one head large: what each position reads. */
export function AttentionPanel({ data, model }: { readonly data: TraceData; readonly model: ModelSummary }) {
  const store = useTraceStore();
  const view = useView();
  const theme = useTheme();
  const { attentionForm } = view;
  const attribution = data.current ? data.detailBefore?.results.attribution : undefined;
  const written = attribution && writingHead(attribution);
  const chosen = view.head ?? written;
  const head: Head = {
    layer: Math.min(chosen?.layer ?? model.layers - 1, model.layers - 1),
    head: Math.min(chosen?.head ?? 0, model.heads - 1),
  };
  const size = data.tokens.length;
  const all = model.layers * model.heads * size * size <= WEIGHTS_AT_ONCE;
  const layers = useMemo(
    () => (all ? Array.from({ length: model.layers }, (_, layer) => layer) : [head.layer]),
    [all, model.layers, head.layer],
  );
  const subject = { model: model.name, prompt: view.prompt, prependBos: view.prependBos };
  const interventions = interventionsOf(view.patches, "run");
  const patched = interventions.length > 0;
  const compare = patched ? view.compare : "before";
  const known = all || chosen !== undefined || data.detailProblem !== undefined;
  const before = useRun(compare === "after" || !known ? undefined : patternRequest(subject, [], layers));
  const after = useRun(
    compare === "before" || !known ? undefined : patternRequest(subject, interventions, layers),
    120,
  );

  const patterns = useMemo(() => {
    const old = patternsOf(before.state.value, model.layers, size);
    const now = patternsOf(after.state.value, model.layers, size);
    if (compare === "before") return old;
    return compare === "after" ? now : now.map((layer, i) => subtract(layer, old[i]));
  }, [before.state.value, after.state.value, compare, model.layers, size]);
  const scale = useMemo(
    () => (compare === "difference" ? divergingScale(theme, 1) : sequentialScale(theme, [0, 1])),
    [theme, compare],
  );

  // Chosen once and kept in the address: walking the queries must not change the head under the reader.
  const opening =
    view.head ??
    (attribution === undefined && data.detailProblem === undefined
      ? undefined
      : (written ?? readingHead(patterns, data.position)));
  const openingName = opening && headLabel(opening.layer, opening.head);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the name stands for the head
  useEffect(() => {
    if (view.head === undefined && opening !== undefined) store.update({ head: opening });
  }, [store, view.head, openingName]);

  const failed = [before, after].find(({ state }) => state.status === "failed");
  if (failed !== undefined && failed.state.status === "failed") {
    return <ErrorState problem={failed.state.problem} action={<Button onClick={failed.reload}>Try again</Button>} />;
  }
  const pattern = opening === undefined ? undefined : patterns[head.layer]?.[head.head];
  const tokens = data.tokens.map(({ text }) => text);
  const label = headLabel(head.layer, head.head);
  const format = (weight: number) => (compare === "difference" ? formatSigned(weight, 3) : formatFixed(weight, 3));
  const onQuery = (position: number) =>
    store.update(({ selected }) => ({ selected: { ...selected, position: position === size - 1 ? -1 : position } }));
  return (
    <div className={styles.attention}>
      <section className={styles.heads}>
        <h2 className="section-title">
          Heads <span>{all ? "rows: queries · columns: keys" : "long prompt: one layer at a time"}</span>
        </h2>
        <HeadMap
          patterns={patterns}
          scale={scale}
          selected={head}
          onSelect={(chosen) => store.update({ head: chosen })}
        />
      </section>
      <section className={styles.head}>
        <div className={styles.headTitle}>
          <h2 className="section-title">
            <span className="mono">{label}</span>
            <span>
              {written !== undefined &&
                label === headLabel(written.layer, written.head) &&
                data.target !== undefined && (
                  <>
                    wrote most of <span className="mono">“{visibleToken(data.target.text)}”</span> ·{" "}
                  </>
                )}
              {compare === "difference" ? "change in attention weight, after − before" : "rows sum to 1"}
            </span>
          </h2>
          <Segmented
            label="Form"
            value={attentionForm}
            onChange={(form) => store.update({ attentionForm: form })}
            options={[
              { value: "matrix", label: "Matrix" },
              { value: "arcs", label: "Arcs" },
            ]}
          />
          <Button
            kind="bare"
            title={`Zero the output of ${label} at every position`}
            onClick={() =>
              addPatch(store, {
                site: { kind: "attn.hook_z", layer: head.layer },
                units: [head.head],
                operation: { op: "zero" },
                positions: "all",
              })
            }
          >
            Patch {label}
          </Button>
        </div>
        {pattern === undefined ? (
          <p className="quiet" role="status">
            Fetching patterns…
          </p>
        ) : attentionForm === "matrix" ? (
          <AttentionMatrix
            pattern={pattern}
            scale={scale}
            tokens={tokens}
            query={data.position}
            onQuery={onQuery}
            label={`Attention of ${label}`}
            format={format}
          />
        ) : (
          <AttentionArcs
            pattern={pattern}
            tokens={tokens}
            query={data.position}
            onQuery={onQuery}
            threshold={0.04}
            label={`Attention of ${label} as arcs`}
            format={format}
          />
        )}
      </section>
    </div>
  );
}

/** [layer][head], from captures of [batch, head, query, key]. Answers of another length are of an older prompt. */
function patternsOf(
  run: RunResult | undefined,
  layers: number,
  size: number,
): (readonly AttentionPattern[] | undefined)[] {
  const captures = new Map(run?.results.capture?.map((capture) => [Number(/\d+/.exec(capture.site)?.[0]), capture]));
  return Array.from({ length: layers }, (_, layer) => {
    const capture = captures.get(layer);
    return capture === undefined || capture.values.shape.at(-1) !== size ? undefined : headsOf(capture);
  });
}

function headsOf({ values }: CaptureResult): AttentionPattern[] {
  const [, heads = 0, size = 0] = values.shape;
  const data = Float32Array.from(values.data, (value) => value ?? 0);
  return Array.from({ length: heads }, (_, head) => ({
    size,
    weights: data.subarray(head * size * size, (head + 1) * size * size),
  }));
}

function subtract(after: readonly AttentionPattern[] | undefined, before: readonly AttentionPattern[] | undefined) {
  return after?.map(({ size, weights }, head) => ({
    size,
    weights: weights.map((weight, i) => weight - (before?.[head]?.weights[i] ?? weight)),
  }));
}
