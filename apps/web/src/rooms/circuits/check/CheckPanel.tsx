import type { GraphInterventionRequest } from "@patchbay/contract";
import { useMemo } from "react";
import { EmptyState } from "../../../shell/ui/EmptyState.tsx";
import { useQuestion } from "../../common/use-question.ts";
import { selectedNode, useCircuitRoom, useCircuitsView } from "../circuits-context.tsx";
import parts from "../Parts.module.css";
import { isOfModel } from "../use-unit-notes.ts";
import { ChangeForm } from "./ChangeForm.tsx";
import { interventionOf, questionOf, referenceOf, watchedNodes } from "./check-question.ts";
import { DeletionSection } from "./DeletionSection.tsx";
import { InterventionResult } from "./InterventionResult.tsx";
import { QuestionProgress } from "./QuestionProgress.tsx";

/** Downstream features whose change is compared. */
const MOST_WATCHED = 200;

/** What the graph claims, tried in the model: change nodes and compare; remove the top features and random ones. */
export function CheckPanel() {
  const room = useCircuitRoom();
  const { circuit, drawing, model, chosen, checks, setChecks } = room;
  const view = useCircuitsView();
  const { graph } = circuit;
  const intervention = useQuestion("graphIntervention");
  const selected = selectedNode(circuit, view.annotations);
  const subject = useMemo(() => {
    const places = chosen.size > 0 ? [...chosen] : selected === undefined ? [] : [selected.place];
    return places.flatMap((place) => graph.nodes[place] ?? []).filter((node) => referenceOf(node) !== undefined);
  }, [chosen, selected, graph]);
  const question =
    model !== undefined && isOfModel(circuit, model)
      ? questionOf(graph, circuit.from === "prompt", view, model.name)
      : undefined;
  if (question === undefined) {
    return (
      <EmptyState title="This graph cannot be checked here">
        {model === undefined || !isOfModel(circuit, model)
          ? `It speaks of ${graph.model.name ?? "a model"}, which is not installed: a check changes nodes in the model itself.`
          : "The document does not say which tokens its prompt or its targets are."}
      </EmptyState>
    );
  }
  const own = checks.key === circuit.key ? checks : { key: circuit.key, intervention: undefined, deletion: undefined };
  const run = async () => {
    const shown = Array.from(drawing.nodes, (place) => graph.nodes[place]).filter((node) => node !== undefined);
    const request: GraphInterventionRequest = interventionOf(
      question,
      subject,
      view.check,
      watchedNodes(shown, subject, MOST_WATCHED),
    );
    const result = await intervention.ask(request);
    if (result !== undefined) setChecks({ ...own, intervention: { request, result } });
  };
  return (
    <div className={parts.check}>
      <section className={parts.checkPart} aria-label="Change nodes">
        <h2 className="section-title">
          <span>Change nodes in the model</span>
          <span>what the graph predicts against what the model does</span>
        </h2>
        <ChangeForm
          subject={subject}
          pending={intervention.state.status === "pending"}
          onRun={() => void run()}
          onCancel={intervention.cancel}
        />
        <QuestionProgress state={intervention.state} onRetry={() => void run()} />
        {own.intervention !== undefined && <InterventionResult {...own.intervention} />}
      </section>
      <DeletionSection
        question={question}
        chosen={subject}
        shown={own.deletion}
        onAnswer={(deletion) => setChecks({ ...own, deletion })}
      />
    </div>
  );
}
