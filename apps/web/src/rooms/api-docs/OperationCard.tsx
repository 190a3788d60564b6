import styles from "./ApiDocs.module.css";
import { describeType } from "./describe-type.ts";
import type { ApiDocument, ApiOperation } from "./openapi.ts";
import { SchemaView } from "./SchemaView.tsx";
import { TryIt } from "./TryIt.tsx";

export function OperationCard({
  document,
  operation,
  model,
  open,
  onToggle,
}: {
  readonly document: ApiDocument;
  readonly operation: ApiOperation;
  readonly model: string;
  readonly open: boolean;
  readonly onToggle: () => void;
}) {
  return (
    <article id={`operation-${operation.id}`} className={styles.operation} data-open={open}>
      <button type="button" className={styles.operationHead} aria-expanded={open} onClick={onToggle}>
        <code className={styles.method} data-method={operation.method}>
          {operation.method}
        </code>
        <code className={styles.path}>{operation.path}</code>
        <span>{operation.summary}</span>
      </button>
      {open && (
        <div className={styles.operationBody}>
          <div className={styles.reference}>
            {operation.description !== undefined && <p>{operation.description}</p>}
            {operation.parameters.length > 0 && (
              <>
                <h3>Parameters</h3>
                <ul className={styles.fields}>
                  {operation.parameters.map((parameter) => (
                    <li key={parameter.name}>
                      <span className={styles.fieldLine}>
                        <code className={styles.fieldName}>{parameter.name}</code>
                        <span className="quiet">
                          {parameter.in}
                          {parameter.required ? "" : ", optional"}
                        </span>
                        <code className={styles.type}>{describeType(parameter.schema, document.resolve)}</code>
                      </span>
                      {parameter.description !== undefined && (
                        <p className={styles.fieldNote}>{parameter.description}</p>
                      )}
                    </li>
                  ))}
                </ul>
              </>
            )}
            {operation.body !== undefined && (
              <>
                <h3>Request body</h3>
                <SchemaView schema={operation.body} resolve={document.resolve} />
              </>
            )}
            <h3>Answers</h3>
            {operation.answers.map((answer) => (
              <details key={`${answer.status} ${answer.contentType}`} className={styles.answerSchema}>
                <summary>
                  <code>{answer.status === "default" ? "problem" : answer.status}</code>{" "}
                  {withoutCodes(answer.description)}{" "}
                  {answer.contentType !== undefined && <span className="quiet">{answer.contentType}</span>}
                </summary>
                {answer.schema !== undefined && <SchemaView schema={answer.schema} resolve={document.resolve} />}
              </details>
            ))}
          </div>
          <div>
            <h3>Try it</h3>
            <TryIt key={model} prefix={document.prefix} operation={operation} model={model} />
          </div>
        </div>
      )}
    </article>
  );
}

/** The codes have a table of their own on this page. */
function withoutCodes(description: string): string {
  return description.replace(/\s*Codes: .*$/s, "");
}
