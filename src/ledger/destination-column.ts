import { clipText } from "../log.ts";
import type { Destination } from "../model.ts";
import type { Columns } from "../storage/storage.ts";

/** The columns that `readDestination` reads. */
export const DESTINATION_COLUMNS = ["to", "repository", "dispatchType", "token"] as const;

/** What a text in a destination can have; the limits of a routes table are far below, but not those of an event's type. */
const MAX_TEXT = 1_500;

/** A destination as one column; none where there is no destination. */
export function destinationColumn(to: Destination | null): Columns {
	if (to === null) return {};
	return {
		to: JSON.stringify(to, (_, value: unknown) => (typeof value === "string" ? clipText(value, MAX_TEXT) : value)),
	};
}

/**
 * Reads the destination of a row. Rows of version 0.1.0 have GitHub's repository dispatch in columns of its own.
 * @returns undefined where the row has none, or it cannot be read
 */
export function readDestination(columns: Columns): Destination | undefined {
	const [to, repository, dispatchType, token] = DESTINATION_COLUMNS.map((name) => String(columns[name] ?? ""));
	if (to) return parse(to);
	if (!repository) return undefined;
	const id = `${repository.toLowerCase()}#${dispatchType}`;
	return { id, repository, dispatchType, ...(token ? { token } : {}) };
}

function parse(text: string): Destination | undefined {
	try {
		const read: unknown = JSON.parse(text);
		return typeof (read as Partial<Destination> | null)?.id === "string" ? (read as Destination) : undefined;
	} catch {
		return undefined;
	}
}

/** What a circuit breaker is for: the part of a destination's id before `#`, such as a repository. */
export function targetOf(to: Destination | undefined): string {
	return to?.id.split("#", 1)[0] ?? "";
}
