import type { ObservableResult } from "@patchbay/contract";
import { Segmented } from "../../../shell/ui/Segmented.tsx";
import { oneOf } from "../../common/query.ts";
import type { Choices } from "../choices.ts";
import styles from "../Decompose.module.css";
import { MatrixGrid } from "../MatrixGrid.tsx";

/** How much two observables are the same question: at the unembedding, and at the chosen component's input. */
export function Coupling({
  result,
  path,
  choices,
}: {
  readonly result: ObservableResult;
  readonly path: number;
  readonly choices: Choices;
}) {
  const where = oneOf(choices.get("coupling"), ["answer", "path"] as const, "answer");
  const measure = oneOf(choices.get("measure"), ["coefficients", "cosines"] as const, "coefficients");
  const found = result.coupling?.find((each) => each.path === (where === "answer" ? null : path));
  const names = result.observables.map(({ name }) => name);
  const values = new Float32Array(names.length ** 2);
  found?.[measure].forEach((row, given) => {
    row.forEach((value, predicted) => {
      values[given * names.length + predicted] = value ?? Number.NaN;
    });
  });
  const label = result.paths[path]?.label ?? String(path);
  return (
    <div>
      <div className={styles.resultBar}>
        <Segmented
          label="Where"
          value={where}
          options={[
            { value: "answer", label: "as they stand" },
            { value: "path", label: `at the input of ${label}` },
          ]}
          onChange={(next) => choices.set({ coupling: next === "answer" ? undefined : next })}
        />
        <Segmented
          label="Measure"
          value={measure}
          options={[
            { value: "coefficients", label: "coefficient" },
            { value: "cosines", label: "cosine" },
          ]}
          onChange={(next) => choices.set({ measure: next === "coefficients" ? undefined : next })}
        />
      </div>
      <MatrixGrid
        title="Coupling of the observables"
        unit={measure === "cosines" ? "cosine" : "expected change of the column for each unit of the row"}
        axes={["given", "predicted"]}
        rowLabels={names}
        columns={names.map((name, i) => ({ text: name, label: String(i + 1) }))}
        values={values}
        extent={measure === "cosines" ? 1 : undefined}
        fileName="observable-coupling"
        headWidth={110}
      />
    </div>
  );
}
