import { Workbench } from "../shell/Workbench.tsx";

/** The one page: the server answers every path of the workbench with it, and the shell chooses the room. */
export default function Page() {
  return <Workbench />;
}
