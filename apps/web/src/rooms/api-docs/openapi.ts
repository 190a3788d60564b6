/** The parts of an OpenAPI 3.1 document that the page shows, read from JSON whose shape nobody promises. */

export interface JsonSchema {
  readonly [key: string]: unknown;
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required: boolean;
  readonly description: string | undefined;
  readonly schema: JsonSchema;
}

export interface ApiAnswer {
  readonly status: string;
  readonly description: string;
  readonly contentType: string | undefined;
  readonly schema: JsonSchema | undefined;
}

export interface ApiOperation {
  readonly id: string;
  readonly method: string;
  /** Below the server's prefix, with {parameters}. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description: string | undefined;
  readonly parameters: readonly Parameter[];
  readonly body: JsonSchema | undefined;
  /** A body that works, as the server gives it. */
  readonly example: unknown;
  readonly answers: readonly ApiAnswer[];
}

export interface ApiDocument {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly prefix: string;
  readonly groups: readonly { readonly tag: string; readonly operations: readonly ApiOperation[] }[];
  /** Follows a `$ref`; a schema without one is returned as it is. */
  resolve(schema: JsonSchema): JsonSchema;
}

const METHODS = ["get", "post", "put", "patch", "delete"] as const;

export function readOpenApi(source: unknown): ApiDocument {
  const document = record(source);
  const info = record(document.info);
  const operations = Object.entries(record(document.paths)).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = record(item)[method];
      return operation === undefined ? [] : [readOperation(method, path, record(operation), document)];
    }),
  );
  const tags = [
    ...new Set([...list(document.tags).map((tag) => text(record(tag).name)), ...operations.map(({ tag }) => tag)]),
  ];
  return {
    title: text(info.title),
    version: text(info.version),
    description: text(info.description),
    prefix: text(record(list(document.servers)[0]).url),
    groups: tags
      .map((tag) => ({ tag, operations: operations.filter((operation) => operation.tag === tag) }))
      .filter((group) => group.operations.length > 0),
    resolve: (schema) => resolveReference(schema, document),
  };
}

function readOperation(method: string, path: string, operation: JsonSchema, document: JsonSchema): ApiOperation {
  const body = jsonSchemaOf(record(operation.requestBody).content);
  return {
    id: text(operation.operationId) || `${method} ${path}`,
    method: method.toUpperCase(),
    path,
    tag: text(list(operation.tags)[0]) || "Other",
    summary: text(operation.summary),
    description: text(operation.description) || undefined,
    parameters: list(operation.parameters).map((entry) => readParameter(resolveReference(record(entry), document))),
    body: body?.schema,
    example: body?.example,
    answers: Object.entries(record(operation.responses)).flatMap(([status, entry]): ApiAnswer[] => {
      const answer = resolveReference(record(entry), document);
      const contents = Object.keys(record(answer.content));
      const description = text(answer.description);
      if (contents.length === 0) return [{ status, description, contentType: undefined, schema: undefined }];
      return contents.map((contentType) => {
        const { schema } = record(record(answer.content)[contentType]);
        return { status, description, contentType, schema: schema === undefined ? undefined : record(schema) };
      });
    }),
  };
}

function readParameter(parameter: JsonSchema): Parameter {
  return {
    name: text(parameter.name),
    in: parameter.in === "path" ? "path" : "query",
    required: parameter.required === true,
    description: text(parameter.description) || text(record(parameter.schema).description) || undefined,
    schema: record(parameter.schema),
  };
}

function jsonSchemaOf(content: unknown): { readonly schema: JsonSchema; readonly example: unknown } | undefined {
  const { schema, example } = record(record(content)["application/json"]);
  return schema === undefined ? undefined : { schema: record(schema), example };
}

const MAXIMUM_HOPS = 8;

function resolveReference(schema: JsonSchema, document: JsonSchema): JsonSchema {
  let found = schema;
  for (let hop = 0; hop < MAXIMUM_HOPS && typeof found.$ref === "string" && found.$ref.startsWith("#/"); hop++) {
    const path = found.$ref
      .slice(2)
      .split("/")
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
    found = record(path.reduce<unknown>((place, part) => record(place)[part], document));
  }
  return found;
}

export function record(value: unknown): JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonSchema) : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
