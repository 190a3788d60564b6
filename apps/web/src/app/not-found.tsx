import { Workbench } from "../shell/Workbench.tsx";

/** A static host that knows only files serves this for deep links; the shell finds the room by the address. */
export default function NotFound() {
  return <Workbench />;
}
