import { ERROR_CODES } from "@patchbay/vocabulary";
import common from "../common/common.module.css";
import styles from "./ApiDocs.module.css";

/** Every code that a problem can carry, with its HTTP status. */
export function ErrorCodes() {
  return (
    <section id="operation-errors">
      <h2 className={styles.tag}>Error codes</h2>
      <p className={styles.lead}>
        A problem has <code>title</code>, <code>status</code>, <code>detail</code> and <code>code</code>, and where they
        help <code>expected</code>, <code>received</code>, <code>advice</code> and <code>at</code>, the place in the
        request. Codes are never renamed.
      </p>
      <table className={`${common.table} ${styles.codes}`}>
        <thead>
          <tr>
            <th scope="col">code</th>
            <th scope="col" data-align="right">
              status
            </th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(ERROR_CODES).map(([code, status]) => (
            <tr key={code}>
              <td>
                <code>{code}</code>
              </td>
              <td data-align="right">{status}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
