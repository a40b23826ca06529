// The client payload, read as untrusted text. Its form: docs/client-payload.md of grid-dispatch.
import { quoted, Refused } from "./runner.mjs";

/** An output has its limit at 1 MB for all of a job. */
const MAX_DATA_OUTPUT = 60_000;

/**
 * @param text JSON
 * @returns `{ key, route, event, isWindow }`; `event` has `id type source subject time data extensions?`
 * @throws Refused for what is no payload of the bridge
 */
export function readPayload(text) {
	const payload = parseJson(text, "the payload");
	const bridge = own(payload, "bridge");
	const key = textOf(own(bridge, "key"));
	if (!/^[0-9a-f]{32}$/.test(key)) {
		throw new Refused(`bridge.key of the payload is ${quoted(key)}, which is no key: grid-dispatch has not sent this`);
	}
	const event = { id: "", type: "", source: "", subject: "", time: "", data: null };
	for (const name of ["id", "type", "source", "subject", "time"]) event[name] = textOf(own(payload, name));
	event.data = own(payload, "data") ?? null;
	const extensions = own(payload, "extensions");
	if (isObject(extensions)) event.extensions = extensions;
	// No event can choose this id: a key is a hash of its event, the id included.
	return { key, route: textOf(own(bridge, "route")), event, isWindow: event.id === key };
}

/**
 * What a payload has in a blob, or undefined: a window's manifest, or the large data of one event.
 * @returns `{ kind, url, sha256, bytes, count? }`, each of the right type
 */
export function blobOf({ event, isWindow }) {
	const kind = isWindow ? "manifest" : "reference";
	const given = own(event.data, kind);
	// An event may have a member of that name for itself: then it is data like any other.
	if (!isObject(given) || own(given, "url") === undefined || own(given, "sha256") === undefined) return undefined;
	const { url, sha256, bytes, count } = { ...given };
	if (typeof url !== "string") throw new Refused(`data.${kind}.url is no text`);
	if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256))
		throw new Refused(`data.${kind}.sha256 is no SHA-256`);
	if (!isCount(bytes)) throw new Refused(`data.${kind}.bytes is no size`);
	if (isWindow && !isCount(count)) throw new Refused("data.manifest.count is no number of events");
	return { kind, url, sha256, bytes, ...(isWindow ? { count } : {}) };
}

/** The events that the payload holds itself, as the lines of a manifest would have them. */
export function eventsIn({ event, isWindow }) {
	if (!isWindow) return [event];
	const events = own(event.data, "events");
	if (!Array.isArray(events) || !events.every(isObject))
		throw new Refused("the payload stands for many events and has none");
	return events;
}

/** The outputs that tell of an event. */
export function factsOf({ key, route, event }) {
	const data = stringify(event.data);
	return {
		key,
		route,
		id: event.id,
		type: event.type,
		source: event.source,
		subject: event.subject,
		time: event.time,
		"run-id": textOf(own(event.data, "runId")),
		"experiment-name": textOf(own(event.data, "experimentName")),
		data: data.length > MAX_DATA_OUTPUT ? "" : data,
	};
}

/**
 * Reads JSON. A number that a double cannot hold keeps its digits where the runtime lets it (Node 22 and later).
 * @throws Refused with the name of what is no JSON
 */
export function parseJson(text, what) {
	try {
		if (JSON.rawJSON === undefined) return JSON.parse(text);
		return JSON.parse(text, (_, value, context) =>
			typeof value === "number" && String(value) !== context.source ? JSON.rawJSON(context.source) : value,
		);
	} catch (error) {
		throw new Refused(`${what} is no JSON that can be read: ${quoted(error.message)}`);
	}
}

export function stringify(value) {
	try {
		return JSON.stringify(value);
	} catch (error) {
		throw new Refused(`data cannot be written as JSON: ${quoted(error.message)}`);
	}
}

export function isObject(value) {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member of an object's own: `__proto__`, `constructor` and their like are names as any other. */
function own(object, name) {
	return isObject(object) && Object.hasOwn(object, name) ? object[name] : undefined;
}

/** A text, or a number as it was written; empty for anything else. */
function textOf(value) {
	if (typeof value === "string") return value;
	if (typeof value === "number") return String(value);
	return JSON.isRawJSON?.(value) ? value.rawJSON : "";
}

function isCount(value) {
	return Number.isSafeInteger(value) && value >= 0;
}
