/** Which component shows which route. Each room is its own chunk, loaded when it is first opened. */
import type { Route } from "@patchbay/workbench-state";
import { type ComponentType, lazy } from "react";
import { Link } from "../shell/Link.tsx";
import { Room } from "../shell/Room.tsx";
import { EmptyState } from "../shell/ui/EmptyState.tsx";

type RoomOf<Name extends Route["room"]> = ComponentType<{ readonly route: Extract<Route, { room: Name }> }>;

const TraceRoom: RoomOf<"trace"> = lazy(() =>
  import("./trace/TraceRoom.tsx").then((module) => ({ default: module.TraceRoom })),
);

const AtlasRoom: RoomOf<"atlas"> = lazy(() =>
  import("./atlas/AtlasRoom.tsx").then((module) => ({ default: module.AtlasRoom })),
);

const NeuronRoom: RoomOf<"neuron"> = lazy(() =>
  import("./neuron/NeuronRoom.tsx").then((module) => ({ default: module.NeuronRoom })),
);

const FeatureRoom: RoomOf<"feature"> = lazy(() =>
  import("./feature/FeatureRoom.tsx").then((module) => ({ default: module.FeatureRoom })),
);

const SweepsRoom: RoomOf<"sweeps"> = lazy(() =>
  import("./sweeps/SweepsRoom.tsx").then((module) => ({ default: module.SweepsRoom })),
);

const CircuitsRoom: RoomOf<"circuits"> = lazy(() =>
  import("./circuits/CircuitsRoom.tsx").then((module) => ({ default: module.CircuitsRoom })),
);

const DecomposeRoom: RoomOf<"decompose"> = lazy(() =>
  import("./decompose/DecomposeRoom.tsx").then((module) => ({ default: module.DecomposeRoom })),
);

const CircuitPage: RoomOf<"circuit"> = lazy(() =>
  import("./decompose/circuits/CircuitPage.tsx").then((module) => ({ default: module.CircuitPage })),
);

const SearchRoom: RoomOf<"search"> = lazy(() =>
  import("./search/SearchRoom.tsx").then((module) => ({ default: module.SearchRoom })),
);

const DictionariesRoom: RoomOf<"dictionaries"> = lazy(() =>
  import("./dictionaries/DictionariesRoom.tsx").then((module) => ({ default: module.DictionariesRoom })),
);

const DictionaryRoom: RoomOf<"dictionary"> = lazy(() =>
  import("./dictionaries/DictionaryRoom.tsx").then((module) => ({ default: module.DictionaryRoom })),
);

const CompareRoom: RoomOf<"dictionary-comparison"> = lazy(() =>
  import("./dictionaries/CompareRoom.tsx").then((module) => ({ default: module.CompareRoom })),
);

const TrainRoom: RoomOf<"dictionary-training"> = lazy(() =>
  import("./dictionaries/TrainRoom.tsx").then((module) => ({ default: module.TrainRoom })),
);

const FindingsRoom: RoomOf<"findings"> = lazy(() =>
  import("./findings/FindingsRoom.tsx").then((module) => ({ default: module.FindingsRoom })),
);

const FindingRoom: RoomOf<"finding"> = lazy(() =>
  import("./findings/FindingRoom.tsx").then((module) => ({ default: module.FindingRoom })),
);

const ModelsRoom: RoomOf<"models"> = lazy(() =>
  import("./models/ModelsRoom.tsx").then((module) => ({ default: module.ModelsRoom })),
);

const JobsRoom: RoomOf<"jobs"> = lazy(() =>
  import("./jobs/JobsRoom.tsx").then((module) => ({ default: module.JobsRoom })),
);

const ApiDocsRoom: RoomOf<"api"> = lazy(() =>
  import("./api-docs/ApiDocsRoom.tsx").then((module) => ({ default: module.ApiDocsRoom })),
);

export function RoomOutlet({ route }: { readonly route: Route }) {
  switch (route.room) {
    case "trace":
      return <TraceRoom route={route} />;
    case "atlas":
      return <AtlasRoom route={route} />;
    case "neuron":
      return <NeuronRoom route={route} />;
    case "feature":
      return <FeatureRoom route={route} />;
    case "sweeps":
      return <SweepsRoom route={route} />;
    case "circuits":
      return <CircuitsRoom route={route} />;
    case "decompose":
      return <DecomposeRoom route={route} />;
    case "circuit":
      return <CircuitPage route={route} />;
    case "search":
      return <SearchRoom route={route} />;
    case "dictionaries":
      return <DictionariesRoom route={route} />;
    case "dictionary":
      return <DictionaryRoom route={route} />;
    case "dictionary-comparison":
      return <CompareRoom route={route} />;
    case "dictionary-training":
      return <TrainRoom route={route} />;
    case "findings":
      return <FindingsRoom route={route} />;
    case "finding":
      return <FindingRoom route={route} />;
    case "models":
      return <ModelsRoom route={route} />;
    case "jobs":
      return <JobsRoom route={route} />;
    case "api":
      return <ApiDocsRoom route={route} />;
    default:
      return <NoSuchRoom path={route.pathname} />;
  }
}

function NoSuchRoom({ path }: { readonly path: string }) {
  return (
    <Room title="Not found">
      <EmptyState title="There is nothing at this address" action={<Link href="/">Go to Trace</Link>}>
        <code>{path}</code> is not a place in this workbench. Was the link cut off when it was copied?
      </EmptyState>
    </Room>
  );
}
