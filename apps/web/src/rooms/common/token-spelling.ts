/** How an address names a token: by its text where that can be read, else by its id. */
export interface NamedToken {
  readonly id: number;
  readonly text: string;
  readonly special?: boolean | undefined;
}

export function tokenSpelling({ id, text, special }: NamedToken): string {
  return special === true || text.trim() === "" || text.startsWith("#") || text.includes("\ufffd") ? `#${id}` : text;
}
