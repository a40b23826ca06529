import type { Destinations } from "../destinations/list.ts";
import { readJson } from "../event/json.ts";
import type { WindowBody, WindowDispatch } from "./close-window.ts";

export interface WindowBodyOptions {
	/** Of grid-dispatch. */
	readonly version: string;
	readonly destinations: Pick<Destinations, "build">;
}

/** More of a type nobody reads; the manifest has it whole. */
const MAX_TYPE_CHARACTERS = 1_000;

/**
 * The body of a window's one dispatch: that of an event whose data sums the gathered ones up, and holds them if they
 * fit, or says where they are.
 */
export function windowBody(dispatch: WindowDispatch, { version, destinations }: WindowBodyOptions): WindowBody {
	const { key, route, to, summary, lines, manifest } = dispatch;
	const { data, ...facts } = summary;
	const build = (event: typeof facts, content: object) =>
		destinations.build(to, { ...event, id: key, attributes: {}, data: content }, { version, route, key });
	const whole = lines && build(facts, { ...data, events: lines.map(readJson) });
	if (whole?.ok) return whole;
	const built = build(facts, { ...data, manifest });
	if (built.ok) return built;
	// Only the texts of the events themselves can be so long; the manifest has them.
	const least = build(leastOf(facts), { ...data, sample: [], manifest });
	// What would be sent is stored all the same: for a person to read, and for the service to judge when it is replayed.
	return least.ok ? least : { body: least.body ?? "{}", refused: least.reason };
}

function leastOf({ type, time }: Omit<WindowDispatch["summary"], "data">) {
	return { type: type.slice(0, MAX_TYPE_CHARACTERS), time, source: "", subject: "" };
}
