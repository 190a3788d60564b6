/** A form over the address: what is typed waits for the question to be asked; back, forward and links win over it. */
import { useCallback, useEffect, useState } from "react";

export function useForm<View extends object>(committed: View): [View, (change: Partial<View>) => void] {
  const [draft, setDraft] = useState(committed);
  const key = JSON.stringify(committed);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for what the address says
  useEffect(() => setDraft(committed), [key]);
  const change = useCallback((part: Partial<View>) => setDraft((before) => ({ ...before, ...part })), []);
  return [draft, change];
}
