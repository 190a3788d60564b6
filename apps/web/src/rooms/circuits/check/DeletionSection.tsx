import type { CircuitNode } from "@patchbay/circuit-graph";
import type { GraphDeletionRequest, GraphDeletionResult, GraphRequest } from "@patchbay/contract";
import { useState } from "react";
import { Button } from "../../../shell/ui/Button.tsx";
import { Segmented } from "../../../shell/ui/Segmented.tsx";
import { useQuestion } from "../../common/use-question.ts";
import { useCircuitsView } from "../circuits-context.tsx";
import parts from "../Parts.module.css";
import { deletionOf } from "./check-question.ts";
import { DeletionResult } from "./DeletionResult.tsx";
import { QuestionProgress } from "./QuestionProgress.tsx";

/** Whether the features that the graph calls important carry the answer: without them it must fall faster than without others. */
export function DeletionSection({
  question,
  chosen,
  shown,
  onAnswer,
}: {
  readonly question: Pick<GraphRequest, "model" | "input" | "target" | "dictionaries">;
  readonly chosen: readonly CircuitNode[];
  readonly shown: { readonly request: GraphDeletionRequest; readonly result: GraphDeletionResult } | undefined;
  onAnswer(answer: { readonly request: GraphDeletionRequest; readonly result: GraphDeletionResult }): void;
}) {
  const { check } = useCircuitsView();
  const deletion = useQuestion("graphDeletion");
  const [order, setOrder] = useState<"influence" | "attribution" | "chosen">("influence");
  const features = chosen.filter(({ kind }) => kind === "feature").length;
  const run = async () => {
    const request = deletionOf(
      question,
      chosen,
      order === "chosen" && features === 0 ? "influence" : order,
      check.attention,
      0,
    );
    const result = await deletion.ask(request);
    if (result !== undefined) onAnswer({ request, result });
  };
  return (
    <section className={parts.checkPart} aria-label="Remove the top features">
      <h2 className="section-title">
        <span>Remove the top k features, and k random ones</span>
        <span>the answer must fall faster without the top ones</span>
      </h2>
      <div className={parts.changeLine}>
        <span className={parts.changeMode}>
          order
          <Segmented
            label="Order of removal"
            value={order}
            options={[
              { value: "influence", label: "influence", hint: "Along all paths of the graph" },
              { value: "attribution", label: "direct effect", hint: "|direct effect on the target|" },
              {
                value: "chosen",
                label: "chosen",
                disabled: features === 0 ? "No feature is chosen" : undefined,
              },
            ]}
            onChange={setOrder}
          />
        </span>
        {deletion.state.status === "pending" ? (
          <Button onClick={deletion.cancel}>Cancel</Button>
        ) : (
          <Button onClick={() => void run()}>Remove and compare</Button>
        )}
      </div>
      <QuestionProgress state={deletion.state} onRetry={() => void run()} />
      {shown !== undefined && <DeletionResult result={shown.result} />}
    </section>
  );
}
