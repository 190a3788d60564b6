import styles from "./Shell.module.css";
import { Skeleton } from "./ui/Skeleton.tsx";

export function RoomSkeleton() {
  return (
    <div className={styles.room} aria-busy="true">
      <header className={styles.bar}>
        <Skeleton width={180} height={18} />
      </header>
      <div className={styles.content} />
    </div>
  );
}
