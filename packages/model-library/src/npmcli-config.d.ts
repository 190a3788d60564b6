/** The part of npm's configuration reader that we use; the packages bring no types. */
declare module "@npmcli/config" {
  export default class Config {
    constructor(options: Record<string, unknown>);
    load(): Promise<void>;
    /** Options under the names that pacote takes. */
    readonly flat: Record<string, unknown>;
  }
}

declare module "@npmcli/config/lib/definitions/index.js" {
  const settings: { readonly definitions: unknown; readonly shorthands: unknown; readonly flatten: unknown };
  export default settings;
}
