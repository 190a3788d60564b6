/** The data folder can be written, and its disk has room. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Check, failure, ok, warning } from "./check.ts";

const GIBIBYTE = 2 ** 30;
/** The bundled model, its neuron map and the database take about 0.3 GiB. */
const TOO_LITTLE = 0.3 * GIBIBYTE;
const LITTLE = 2 * GIBIBYTE;

export const dataFolder: Check = {
  name: "Data folder",
  async run({ home }) {
    try {
      await mkdir(home, { recursive: true });
      const trial = await mkdtemp(join(home, "doctor-"));
      await writeFile(join(trial, "trial"), "written");
      await rm(trial, { recursive: true });
      return ok(`${home} can be written`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return failure(reason, "Make the folder writable, or choose another with --home or PATCHBAY_HOME.");
    }
  },
};

export const diskSpace: Check = {
  name: "Disk space",
  async run({ home }) {
    const { bavail, bsize } = await statfs(nearestExisting(home));
    const free = bavail * bsize;
    const detail = `${(free / GIBIBYTE).toFixed(1)} GiB free at ${home}`;
    const advice = "Free some space, or choose a data folder on another disk with --home or PATCHBAY_HOME.";
    if (free < TOO_LITTLE) return failure(detail, advice);
    return free < LITTLE ? warning(detail, advice) : ok(detail);
  },
};

function nearestExisting(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearestExisting(dirname(folder));
}
