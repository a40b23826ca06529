import type { EventFacts } from "../model.ts";
import { readInstant } from "./instant.ts";

/** What can be told of an element that is no sound event, so that it can be found. */
export function factsOfElement(element: unknown, id: string | null): EventFacts {
	const members = (isObject(element) ? element : {}) as Record<string, unknown>;
	const text = (...names: string[]) =>
		String(names.map((name) => members[name]).find((value) => typeof value === "string") ?? "");
	const time = text("time", "eventTime");
	return {
		id: id ?? "",
		type: text("type", "eventType"),
		source: text("source", "topic"),
		subject: text("subject"),
		time: readInstant(time) === undefined ? "" : time,
	};
}

/** Whether an element is meant to be an event: it has the mark of one of the two envelopes, whatever else is wrong. */
export function isMeantAsEvent(element: unknown): boolean {
	return isObject(element) && Object.keys(element).some((key) => MARKS.has(key.toLowerCase()));
}

const MARKS = new Set(["eventtype", "specversion"]);

function isObject(element: unknown): element is object {
	return typeof element === "object" && element !== null && !Array.isArray(element);
}
