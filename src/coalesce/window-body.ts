import { toClientPayload } from "../destinations/github/client-payload.ts";
import { type BuiltRequest, LIMITS, toDispatchRequest } from "../destinations/github/dispatch-request.ts";
import type { WindowBody, WindowDispatch } from "./close-window.ts";

/** More of a type nobody reads; the manifest has it whole. */
const MAX_TYPE_CHARACTERS = 1_000;

/**
 * The body of a window's one dispatch: that of an event whose data sums the gathered ones up, and holds them if they
 * fit, or says where they are. The lines are embedded as they are: a number in them may have more digits than a double.
 * @param version of grid-dispatch
 */
export function windowBody(dispatch: WindowDispatch, version: string): WindowBody {
	const { key, route, to, summary, lines, manifest } = dispatch;
	const { data, ...facts } = summary;
	const payloadOf = (event: typeof facts, content: object) =>
		toClientPayload({ ...event, id: key, attributes: {}, data: content }, { version, route, key });
	const build = (event: typeof facts, content: object) => toDispatchRequest(to, payloadOf(event, content));

	if (!/^[^/]+\/[^/]+$/.test(to.repository)) return refuse("the window does not say to which repository");
	const inline = lines && withLines(build(facts, { ...data, events: [] }), lines);
	if (inline !== undefined) return { body: inline };
	const built = build(facts, { ...data, manifest });
	if (built.ok) return { body: built.request.body };
	// Only the texts of the events themselves can be so long; the manifest has them.
	const least = build(leastOf(facts), { ...data, sample: [], manifest });
	return least.ok ? { body: least.request.body } : refuse(least.reason);

	/** What would be sent is kept all the same: for a person to read, and for GitHub to judge when it is replayed. */
	function refuse(refused: string): WindowBody {
		const client_payload = payloadOf(leastOf(facts), { ...data, sample: [], manifest });
		return { body: JSON.stringify({ event_type: to.dispatchType, client_payload }), refused };
	}
}

function leastOf({ type, time }: Omit<WindowDispatch["summary"], "data">) {
	return { type: type.slice(0, MAX_TYPE_CHARACTERS), time, source: "", subject: "" };
}

/** A quote within a text is escaped, so that this stands in one place alone: where the events belong. */
const NO_EVENTS = '"events":[]';

/** Undefined where they do not fit. */
function withLines(built: BuiltRequest, lines: readonly string[]): string | undefined {
	if (!built.ok) return undefined;
	const body = built.request.body.replace(NO_EVENTS, () => `"events":[${lines.join(",")}]`);
	return Buffer.byteLength(body) < LIMITS.bodyBytes ? body : undefined;
}
