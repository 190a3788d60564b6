import type { ModelPage, ModelSummary } from "@patchbay/contract";
import { parseSite } from "@patchbay/vocabulary";
import { useMemo, useState } from "react";
import { api } from "../../shell/api.ts";
import { useResource } from "../../shell/resource.ts";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import { Answer } from "../common/Answer.tsx";
import common from "../common/common.module.css";
import styles from "./Models.module.css";

type SiteInfo = ModelPage["sites"][number];

interface SiteGroup {
  readonly info: SiteInfo;
  readonly name: string;
  /** How many layers have it; 0 for a site that belongs to no block. */
  readonly layers: number;
}

/** Every hook site of a model, the same site of all layers in one row. */
export function SitesTable({ model }: { readonly model: ModelSummary }) {
  const { state, reload } = useResource<ModelPage>(`model:${model.hash}`, (signal) =>
    api.getModel({ params: { model: model.name }, signal }),
  );
  return (
    <Answer state={state} skeleton={<Skeleton height={420} />} onRetry={reload} inline>
      {(page) => <Sites sites={page.sites} layers={model.layers} />}
    </Answer>
  );
}

function Sites({ sites, layers }: { readonly sites: readonly SiteInfo[]; readonly layers: number }) {
  const [filter, setFilter] = useState("");
  const groups = useMemo(() => groupSites(sites), [sites]);
  const shown = groups.filter(({ name, info }) =>
    `${name} ${info.meaning}`.toLowerCase().includes(filter.trim().toLowerCase()),
  );
  return (
    <div className={styles.sites}>
      <input
        className={styles.filter}
        aria-label="Filter the hook sites"
        placeholder="Filter, such as mlp or pattern"
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
      />
      <table className={common.table}>
        <thead>
          <tr>
            <th scope="col">site</th>
            <th scope="col">axes and lengths</th>
            <th scope="col">meaning</th>
            <th scope="col">writable</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ name, info, layers: count }) => (
            <tr key={name}>
              <td>
                <code>{name}</code>
                {count > 0 && count < layers && <span className="quiet"> in {count} layers</span>}
              </td>
              <td>
                {info.axes.map((axis, i) => (
                  <span key={axis} className={styles.axis}>
                    {axis.replaceAll("_", " ")} {typeof info.shape[i] === "number" && <b>{info.shape[i]}</b>}
                  </span>
                ))}
              </td>
              <td>{info.meaning}</td>
              <td>{info.writable ? "yes" : <span className="quiet">no</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length === 0 && <p className="quiet">No site has “{filter}” in its name or meaning.</p>}
    </div>
  );
}

function groupSites(sites: readonly SiteInfo[]): SiteGroup[] {
  const groups = new Map<string, SiteGroup>();
  for (const info of sites) {
    const { kind, layer } = parseSite(info.name);
    const name = layer === undefined ? kind : `blocks.{layer}.${kind}`;
    const known = groups.get(name);
    groups.set(name, { info: known?.info ?? info, name, layers: (known?.layers ?? 0) + (layer === undefined ? 0 : 1) });
  }
  return [...groups.values()];
}
