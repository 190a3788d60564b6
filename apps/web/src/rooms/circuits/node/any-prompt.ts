/** A node's edges as the weights alone have them: their order and size do not depend on the prompt. */
import type { Connection } from "@patchbay/circuit-graph";

export interface FactorConnection extends Connection {
  /** null: the weights have no such factor (errors, tokens whose way is not one path). */
  readonly factor: number | null;
  /** "direct", or the head that the factor speaks of. */
  readonly through: string | null;
}

/** The connections in their order, with their factors. */
export function withFactors(
  connections: readonly Connection[],
  factors: readonly (number | null)[] | undefined,
  paths: readonly (string | null)[] | undefined,
): FactorConnection[] {
  return connections.map((connection) => {
    const factor = factors?.[connection.edge] ?? null;
    return { ...connection, factor, through: factor === null ? null : (paths?.[connection.edge] ?? null) };
  });
}

/** The largest |factor| first; those without one keep their order, at the end. */
export function byFactor(connections: readonly FactorConnection[]): FactorConnection[] {
  const size = ({ factor }: FactorConnection) => (factor === null ? -1 : Math.abs(factor));
  return [...connections].sort((a, b) => size(b) - size(a));
}
