import { Room } from "../../shell/Room.tsx";

export function TraceRoom() {
  return <Room title="Trace">…</Room>;
}
