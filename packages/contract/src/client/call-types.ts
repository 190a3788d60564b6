/** What a caller passes and receives for each operation, derived from the table. */
import type { BodyOf, CheckedParamsOf, CheckedQueryOf, OperationName, ResponseOf } from "../operations.ts";

/** Absent where the operation has no such part, optional where every field of it is, required otherwise. */
type Part<Key extends string, Value> = [Value] extends [undefined]
  ? { readonly [K in Key]?: undefined }
  : Record<never, never> extends Value
    ? { readonly [K in Key]?: Value }
    : { readonly [K in Key]: Value };

export interface CallControl {
  readonly signal?: AbortSignal | undefined;
}

export type CallOptions<Name extends OperationName> = Part<"params", CheckedParamsOf<Name>> &
  Part<"query", CheckedQueryOf<Name>> &
  Part<"body", BodyOf<Name>> &
  CallControl;

/** The options may be left out where nothing in them is required. */
export type CallArguments<Name extends OperationName> =
  Record<never, never> extends CallOptions<Name> ? [options?: CallOptions<Name>] : [options: CallOptions<Name>];

/** The operations that are one question and one answer; `watchJob` is a stream and has its own method. */
export type PlainOperation = Exclude<OperationName, "watchJob">;

export type PlainCalls = {
  readonly [Name in PlainOperation]: (...options: CallArguments<Name>) => Promise<ResponseOf<Name>>;
};
