import type { ModelSummary, SweepSite } from "@patchbay/contract";
import { axesOfSite, type PanelChoice, quarterGroups, SWEEP_SITES, usualPanel } from "@patchbay/workbench-state";
import { Button } from "../../shell/ui/Button.tsx";
import { useDictionaries } from "../dictionaries/use-dictionaries.ts";
import { DraftField } from "./DraftField.tsx";
import { NumberField } from "./NumberField.tsx";
import styles from "./Sweeps.module.css";
import { AXIS_WORDS, SITE_WORDS } from "./sweep-words.ts";

/** Senders of path patching are outputs: heads, attention, MLPs. */
const SENDERS: readonly SweepSite[] = ["z", "attn_out", "mlp_out"];

/** What is changed, one picture a site: its axes, and how many adjacent layers a cell takes in. */
export function PanelFields({
  panels,
  model,
  path,
  onChange,
}: {
  readonly panels: readonly PanelChoice[];
  readonly model: ModelSummary;
  /** Whether these are senders of path patching. */
  readonly path: boolean;
  onChange(panels: readonly PanelChoice[]): void;
}) {
  const set = (index: number, panel: PanelChoice) => onChange(panels.with(index, panel));
  const [dictionary] = useDictionaries(model).state.value?.dictionaries ?? [];
  const first = (site: SweepSite) =>
    usualPanel(
      site,
      site === "neurons"
        ? quarterGroups(model.layers - 1, model.neuronsPerLayer)
        : `${dictionary?.name ?? "dictionary"}: 0-9`,
    );
  const sites = path ? SWEEP_SITES.filter((site) => SENDERS.includes(site)) : SWEEP_SITES;
  return (
    <div className={styles.panels}>
      {panels.map((panel, index) => {
        const grouped = panel.site === "neurons" || panel.site === "features";
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a panel is its place
          <fieldset key={index} className={styles.panel}>
            <legend className="visually-hidden">Picture {index + 1}</legend>
            <div className={styles.panelLine}>
              <select
                aria-label="Site"
                value={panel.site}
                onChange={(event) => set(index, first(event.target.value as SweepSite))}
              >
                {sites.includes(panel.site) ? null : <option value={panel.site}>{SITE_WORDS[panel.site]}</option>}
                {sites.map((site) => (
                  <option key={site} value={site}>
                    {SITE_WORDS[site]}
                  </option>
                ))}
              </select>
              <Button
                kind="bare"
                aria-label={`Remove ${SITE_WORDS[panel.site]}`}
                disabled={panels.length === 1}
                onClick={() => onChange(panels.toSpliced(index, 1))}
              >
                ×
              </Button>
            </div>
            <div className={styles.panelLine}>
              <span className={styles.axes}>
                {axesOfSite(panel.site).map((axis) => (
                  <label key={axis} title="Not an axis: taken together">
                    <input
                      type="checkbox"
                      checked={panel.by.includes(axis)}
                      onChange={(event) =>
                        set(index, {
                          ...panel,
                          by: axesOfSite(panel.site).filter((each) =>
                            each === axis ? event.target.checked : panel.by.includes(each),
                          ),
                        })
                      }
                    />
                    {AXIS_WORDS[axis]}
                  </label>
                ))}
              </span>
              {panel.by.includes("layer") && (
                <span className={styles.window}>
                  <NumberField
                    label="window"
                    width={40}
                    value={panel.window}
                    low={1}
                    high={64}
                    onChange={(window) => set(index, { ...panel, window })}
                  />
                </span>
              )}
            </div>
            {grouped && (
              <>
                <DraftField
                  label="groups"
                  value={panel.groups}
                  onCommit={(groups) => set(index, { ...panel, groups })}
                />
                <p className="quiet">
                  {panel.site === "neurons" ? "L2: 5, 7-9; L3: 1" : `${dictionary?.name ?? "dictionary"}: 5, 7-9`} — one
                  group between semicolons
                </p>
              </>
            )}
          </fieldset>
        );
      })}
      <Button
        kind="bare"
        disabled={panels.length >= 8}
        onClick={() => {
          const free = sites.find((site) => panels.every((panel) => panel.site !== site)) ?? sites[0] ?? "z";
          onChange([...panels, first(free)]);
        }}
      >
        + another picture
      </Button>
    </div>
  );
}
