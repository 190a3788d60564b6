export { type Command, type CommandRegistry, createCommandRegistry, keyName } from "./command-registry.ts";
export {
  browserHistory,
  createLocationStore,
  type HistoryPort,
  type Location,
  type LocationStore,
} from "./location-store.ts";
export { parseRoute, pathOfRoute, type RoomName, type Route } from "./route.ts";
