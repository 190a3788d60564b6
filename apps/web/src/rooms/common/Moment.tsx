const FORMAT = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
});

/** A point in time in the reader's own zone; exact on hover. */
export function Moment({ iso }: { readonly iso: string }) {
  const date = new Date(iso);
  return (
    <time dateTime={iso} title={iso} style={{ whiteSpace: "nowrap" }}>
      {Number.isNaN(date.getTime()) ? iso : FORMAT.format(date)}
    </time>
  );
}
