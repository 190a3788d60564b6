import { Skeleton } from "../../shell/ui/Skeleton.tsx";

/** Several equal places that hold what is coming. */
export function SkeletonStack({ count, height }: { readonly count: number; readonly height: number }) {
  const places = Array.from({ length: count }, (_, index) => `place ${index}`);
  return places.map((place) => <Skeleton key={place} height={height} />);
}
