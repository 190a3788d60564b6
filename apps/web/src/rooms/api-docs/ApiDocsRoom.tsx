"use client";
import { API_PREFIX } from "@patchbay/contract";
/** The API as the server itself describes it, each operation with a form to try it. */
import { ApiError } from "@patchbay/contract/client";
import { useEffect } from "react";
import { useDefaultModel } from "../../shell/models.ts";
import { Room } from "../../shell/Room.tsx";
import { useResource } from "../../shell/resource.ts";
import { formatCount } from "../../shell/ui/format-number.ts";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import { Answer } from "../common/Answer.tsx";
import { type Query, useQuery } from "../common/query.ts";
import { SkeletonStack } from "../common/SkeletonStack.tsx";
import styles from "./ApiDocs.module.css";
import { ErrorCodes } from "./ErrorCodes.tsx";
import { OperationCard } from "./OperationCard.tsx";
import { type ApiDocument, readOpenApi } from "./openapi.ts";

export function ApiDocsRoom() {
  const query = useQuery();
  const { state, reload } = useResource<ApiDocument>("openapi", loadDocument);
  return (
    <Room title="API" scroll={false} bar={<Bar document={state.value} />}>
      <Answer state={state} skeleton={<DocumentSkeleton />} onRetry={reload}>
        {(document) => <Document document={document} query={query} />}
      </Answer>
    </Room>
  );
}

async function loadDocument(signal: AbortSignal): Promise<ApiDocument> {
  const response = await fetch(`${API_PREFIX}/openapi.json`, { signal });
  if (!response.ok) {
    throw new ApiError({
      type: "about:blank",
      title: "No description of the API",
      status: response.status,
      detail: `The server answered ${response.status} for ${API_PREFIX}/openapi.json.`,
      code: "unexpected-answer",
      advice: "Is this the server of the same version as this page?",
    });
  }
  return readOpenApi(await response.json());
}

function Bar({ document }: { readonly document: ApiDocument | undefined }) {
  const count = document?.groups.reduce((sum, group) => sum + group.operations.length, 0);
  return (
    <>
      <h1 className={styles.title}>API</h1>
      {document !== undefined && (
        <span className="quiet">
          {document.title} {document.version} · {formatCount(count ?? 0)} operations under{" "}
          <code>{document.prefix}</code>
        </span>
      )}
      <span style={{ flex: 1 }} />
      <a href={`${API_PREFIX}/openapi.json`}>openapi.json</a>
    </>
  );
}

function Document({ document, query }: { readonly document: ApiDocument; readonly query: Query }) {
  const model = useDefaultModel()?.name ?? "";
  const chosen = query.get("operation");
  useEffect(() => {
    if (chosen !== undefined) window.document.getElementById(`operation-${chosen}`)?.scrollIntoView({ block: "start" });
  }, [chosen]);
  return (
    <div className={styles.room}>
      <nav className={styles.contents} aria-label="Operations">
        {document.groups.map(({ tag, operations }) => (
          <div key={tag}>
            <h2>{tag}</h2>
            {operations.map((operation) => (
              <button
                key={operation.id}
                type="button"
                aria-current={chosen === operation.id ? "true" : undefined}
                onClick={() => query.set({ operation: operation.id })}
              >
                <code className={styles.method} data-method={operation.method}>
                  {operation.method}
                </code>{" "}
                {operation.summary}
              </button>
            ))}
          </div>
        ))}
        <div>
          <h2>Problems</h2>
          <button
            type="button"
            aria-current={chosen === "errors" ? "true" : undefined}
            onClick={() => query.set({ operation: "errors" })}
          >
            Error codes
          </button>
        </div>
      </nav>
      <div className={styles.operations}>
        <p className={styles.lead}>
          {document.description} Everything this page does, it does through these operations. Failures are problem
          documents (RFC 9457) with a stable <code>code</code>.
        </p>
        {document.groups.map(({ tag, operations }) => (
          <section key={tag} aria-label={tag}>
            <h2 className={styles.tag}>{tag}</h2>
            {operations.map((operation) => (
              <OperationCard
                key={operation.id}
                document={document}
                operation={operation}
                model={model}
                open={chosen === operation.id}
                onToggle={() => query.set({ operation: chosen === operation.id ? undefined : operation.id })}
              />
            ))}
          </section>
        ))}
        <ErrorCodes />
      </div>
    </div>
  );
}

function DocumentSkeleton() {
  return (
    <div className={styles.room}>
      <div className={styles.contents}>
        <Skeleton height={420} />
      </div>
      <div className={styles.operations}>
        <SkeletonStack count={8} height={34} />
      </div>
    </div>
  );
}
