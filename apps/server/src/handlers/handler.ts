import type { CheckedBodyOf, CheckedParamsOf, CheckedQueryOf, OperationName, ResponseOf } from "@patchbay/contract";

/** One call of an operation, checked against its schemas. */
export interface Call<Name extends OperationName> {
  readonly params: CheckedParamsOf<Name>;
  readonly query: CheckedQueryOf<Name>;
  readonly body: CheckedBodyOf<Name>;
  /** Aborted when the client goes away or the server stops. */
  readonly signal: AbortSignal;
  /** Who asks, for fair turns. */
  readonly client: string;
  accepts(mediaType: string): boolean;
}

/** Answers with the operation's result, or with a whole response where the wire has another form: events, safetensors. */
export type Handler<Name extends OperationName> = (call: Call<Name>) => Promise<ResponseOf<Name> | Response>;

export type Handlers = { readonly [Name in OperationName]: Handler<Name> };
export type HandlersOf<Name extends OperationName> = { readonly [Key in Name]: Handler<Key> };
