/** A value while it is being typed or dragged: shown at once, committed when it comes to rest. */
import { useCallback, useEffect, useRef, useState } from "react";

export function useDraft<Value>(
  committed: Value,
  commit: (value: Value) => void,
  delay: number,
): [draft: Value, setDraft: (value: Value) => void] {
  const [draft, setDraft] = useState(committed);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const latest = useRef(commit);
  latest.current = commit;
  // An outside change (back, forward, a link) wins over what has not settled.
  useEffect(() => {
    clearTimeout(timer.current);
    setDraft(committed);
  }, [committed]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const change = useCallback(
    (value: Value) => {
      setDraft(value);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => latest.current(value), delay);
    },
    [delay],
  );
  return [draft, change];
}
