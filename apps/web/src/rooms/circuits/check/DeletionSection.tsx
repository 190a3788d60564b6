import type { CircuitNode } from "@patchbay/circuit-graph";
import type { GraphDeletionRequest, GraphDeletionResult, GraphRequest } from "@patchbay/contract";
import { Button } from "../../../shell/ui/Button.tsx";
import { Segmented } from "../../../shell/ui/Segmented.tsx";
import { useQuestion } from "../../common/use-question.ts";
import { useCircuitsStore, useCircuitsView } from "../circuits-context.tsx";
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
  const store = useCircuitsStore();
  const { check, removal } = useCircuitsView();
  const deletion = useQuestion("graphDeletion");
  const features = chosen.filter(({ kind }) => kind === "feature").length;
  const order = removal === "chosen" && features === 0 ? "effect" : removal;
  const run = async () => {
    const request = deletionOf(question, chosen, order, check.attention, 0);
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
              {
                value: "effect",
                label: "effect",
                hint: "What a feature adds to the target along all paths, with its sign: the largest first",
              },
              { value: "influence", label: "influence", hint: "Along all paths of the graph, without sign" },
              { value: "attribution", label: "attribution", hint: "|direct effect on the target|, without sign" },
              {
                value: "chosen",
                label: "chosen",
                disabled: features === 0 ? "No feature is chosen" : undefined,
              },
            ]}
            onChange={(chosenOrder) => store.update({ removal: chosenOrder })}
          />
        </span>
        {deletion.state.status === "pending" ? (
          <Button onClick={deletion.cancel}>Cancel</Button>
        ) : (
          <Button onClick={() => void run()}>Remove and compare</Button>
        )}
      </div>
      <QuestionProgress state={deletion.state} onRetry={() => void run()} />
      {shown !== undefined && <DeletionResult {...shown} />}
    </section>
  );
}
