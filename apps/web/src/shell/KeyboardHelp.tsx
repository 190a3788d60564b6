import { useCommandList } from "./commands.ts";
import styles from "./Overlay.module.css";
import { Overlay } from "./Overlay.tsx";
import { Kbd } from "./ui/Kbd.tsx";

/** Every key that works in this room, from the same registry that makes it work. */
export function KeyboardHelp({ close }: { close(): void }) {
  const commands = useCommandList().filter(({ keys }) => keys !== undefined);
  const groups = Map.groupBy(commands, ({ group }) => group);
  return (
    <Overlay label="Keyboard help" close={close}>
      <div className={styles.help}>
        <h2>Keyboard</h2>
        <div className={styles.columns}>
          {[...groups].map(([group, entries]) => (
            <section key={group}>
              <h3>{group}</h3>
              {entries.map(({ id, title, keys }) => (
                <div key={id}>
                  {title}
                  <span>
                    {keys?.map((key) => (
                      <Kbd key={key} keys={key} />
                    ))}
                  </span>
                </div>
              ))}
            </section>
          ))}
        </div>
      </div>
    </Overlay>
  );
}
