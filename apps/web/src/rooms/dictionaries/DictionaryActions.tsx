import type { DictionaryPage, ModelSummary } from "@patchbay/contract";
import { api, useApi } from "../../shell/api.ts";
import { Link } from "../../shell/Link.tsx";
import { navigate } from "../../shell/location.ts";
import { showToast } from "../../shell/toasts.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { Popover } from "../../shell/ui/Popover.tsx";
import ui from "../../shell/ui/ui.module.css";
import { JobProgress } from "../jobs/JobProgress.tsx";
import { useJobRequest } from "../jobs/use-job-request.ts";
import styles from "./Dictionaries.module.css";
import type { DictionaryAddresses } from "./dictionary-address.ts";
import { MeasureMissing } from "./MeasureMissing.tsx";
import { forgetDictionaries } from "./use-dictionaries.ts";

/** What can be asked about it next. */
export function DictionaryActions({
  model,
  page,
  to,
  reload,
}: {
  readonly model: ModelSummary;
  readonly page: DictionaryPage;
  readonly to: DictionaryAddresses;
  readonly reload: () => void;
}) {
  const refresh = () => {
    forgetDictionaries();
    reload();
  };
  const again = useJobRequest({ kind: "dictionary-quality", model: model.name, dictionaries: [page.name] }, refresh);
  const index = useJobRequest({ kind: "unit-index", model: model.name, sources: [page.name] }, refresh);
  const busy = [again, index].filter(({ job }) => job !== undefined && job.state !== "done");
  if (page.quality === null) return <MeasureMissing model={model} dictionaries={[page]} onMeasured={refresh} />;
  return (
    <div className={styles.stack} style={{ gap: 8 }}>
      <div className={styles.actions}>
        <Link href={to.page(page.name, "dark-matter")} className={ui.button} data-kind="plain">
          Take the error apart
        </Link>
        <Link href={to.page(page.name, "rewriting")} className={ui.button} data-kind="plain">
          Rewrite by labels
        </Link>
        <Link href={to.compare(page.name, page.seeds[0])} className={ui.button} data-kind="plain">
          Compare with another
        </Link>
        {page.training !== null && (
          <Link href={to.train({ like: page.name })} className={ui.button} data-kind="plain">
            Train one like it
          </Link>
        )}
        <Button onClick={() => void again.start()} disabled={again.starting}>
          Measure again
        </Button>
        {!page.indexed && (
          <Button
            onClick={() => void index.start()}
            disabled={index.starting}
            title="Examples, histogram and density of every feature, from text"
          >
            Index its features
          </Button>
        )}
        <span className={styles.space} />
        {!page.bundled && <Remove model={model} page={page} to={to} />}
      </div>
      {busy.map(
        ({ job, connection, start }) =>
          job !== undefined && (
            <JobProgress key={job.id} job={job} connection={connection} onAgain={() => void start()} />
          ),
      )}
      {[again, index].map(
        ({ refusal }) => refusal !== undefined && <ErrorState key={refusal.title} inline problem={refusal} />,
      )}
    </div>
  );
}

function Remove({
  model,
  page,
  to,
}: {
  readonly model: ModelSummary;
  readonly page: DictionaryPage;
  readonly to: DictionaryAddresses;
}) {
  const removed = useApi<string>();
  const remove = async () => {
    const name = await removed.call(
      async (signal) =>
        (await api.removeDictionary({ params: { model: model.name, dictionary: page.name }, signal })).removed,
    );
    if (name === undefined) return;
    forgetDictionaries();
    showToast(`${name} was removed.`);
    navigate(to.list());
  };
  return (
    <Popover
      label={`Remove ${page.name}`}
      align="end"
      trigger={(props) => (
        <Button kind="bare" {...props}>
          Remove
        </Button>
      )}
    >
      {(close) => (
        <div className={styles.stack} style={{ gap: 8 }}>
          <p>
            Remove <code>{page.name}</code> with its weights? Findings that used it can then no longer be replayed.
          </p>
          <span className={styles.actions}>
            <Button onClick={() => void remove()} disabled={removed.state.status === "pending"}>
              Remove
            </Button>
            <Button kind="bare" onClick={close}>
              Keep
            </Button>
          </span>
          {removed.state.status === "failed" && <ErrorState inline problem={removed.state.problem} />}
        </div>
      )}
    </Popover>
  );
}
