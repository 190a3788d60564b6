import { useState } from "react";
import { useApi } from "../../shell/api.ts";
import { copyText } from "../../shell/clipboard.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import styles from "./ApiDocs.module.css";
import { exampleParameter } from "./example-parameter.ts";
import type { ApiOperation } from "./openapi.ts";
import { asCurl, sendTry, type TryAnswer, tryRequest } from "./try-request.ts";

/** The operation as a form: edit, run, read the answer, take it along as a command. */
export function TryIt({
  prefix,
  operation,
  model,
}: {
  readonly prefix: string;
  readonly operation: ApiOperation;
  readonly model: string;
}) {
  const [body, setBody] = useState(() => JSON.stringify(operation.example ?? {}, undefined, 2));
  const [values, setValues] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(
      operation.parameters.map(({ name, required }) => [name, required ? exampleParameter(name, model) : ""]),
    ),
  );
  const { state, call, cancel } = useApi<TryAnswer>();
  const request = tryRequest(prefix, operation, values, body);
  const missing = operation.parameters
    .filter(({ name, required }) => required && (values[name] ?? "") === "")
    .map(({ name }) => name);
  const running = state.status === "pending";
  const fault = operation.body === undefined ? undefined : faultIn(body);
  return (
    <form
      className={styles.try}
      onSubmit={(event) => {
        event.preventDefault();
        void call((signal) => sendTry(request, signal));
      }}
    >
      {operation.parameters.map(({ name, required }) => (
        <label key={name} className={styles.parameter}>
          <code>{name}</code>
          <input
            value={values[name] ?? ""}
            placeholder={required ? "required" : "left out"}
            onChange={(event) => setValues({ ...values, [name]: event.target.value })}
          />
        </label>
      ))}
      {operation.body !== undefined && (
        <textarea
          className={styles.body}
          aria-label="Request body, JSON"
          aria-invalid={fault !== undefined}
          spellCheck={false}
          rows={Math.min(18, body.split("\n").length + 1)}
          value={body}
          onChange={(event) => setBody(event.target.value)}
        />
      )}
      {fault !== undefined && <p className={styles.fault}>Not JSON yet: {fault}</p>}
      <span className={styles.tryLine}>
        {running ? (
          <Button onClick={cancel}>Stop</Button>
        ) : (
          <Button type="submit" disabled={missing.length > 0}>
            Run
          </Button>
        )}
        <Button kind="bare" onClick={() => void copyText(asCurl(request, window.location.origin), "Command")}>
          Copy as curl
        </Button>
        {missing.length > 0 && <span className="quiet">Fill in {missing.join(", ")}.</span>}
      </span>
      <div aria-live="polite">
        {state.status === "cancelled" && <p className="quiet">Stopped before an answer came.</p>}
        {state.status === "failed" && <ErrorState inline problem={state.problem} />}
        {state.status === "ready" && <AnswerView answer={state.value} />}
      </div>
    </form>
  );
}

function AnswerView({ answer }: { readonly answer: TryAnswer }) {
  return (
    <>
      <p className={styles.answerLine}>
        <b className={answer.status < 400 ? styles.good : styles.bad}>
          {answer.status} {answer.statusText}
        </b>{" "}
        <span className="quiet">{Math.round(answer.milliseconds)} ms</span>
      </p>
      <pre className={styles.answer}>{answer.text}</pre>
    </>
  );
}

function faultIn(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    throw error;
  }
}
