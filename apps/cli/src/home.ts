import { resolve } from "node:path";
import { dataHome } from "@patchbay/model-library";

/** The data folder, absolute: what was asked for, else PATCHBAY_HOME, else the system's place for application data. */
export function resolveHome(home: string | undefined): string {
  return home === undefined || home === "" ? dataHome() : resolve(home);
}
