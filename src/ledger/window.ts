import { windowKey } from "./row-keys.ts";
import type { Row, Write } from "./storage.ts";

/** A group whose events are gathered into one dispatch. */
export interface Group {
	/** Its identity, in hexadecimal digits. */
	readonly group: string;
	readonly quietMs: number;
	readonly maxMs: number;
	readonly route: string;
	readonly to: { readonly repository: string; readonly dispatchType: string };
	readonly token?: string;
}

/** A group that is being gathered, as a row of its lane. */
export interface Window extends Group {
	readonly rowKey: string;
	/** Not before then need anybody look at its members, epoch milliseconds; 0 where nobody has looked yet. */
	readonly dueAt: number;
	/** The newest member that was seen then, and when the oldest was accepted, epoch milliseconds. */
	readonly newest?: string;
	readonly oldestAt?: number;
}

/** What `readWindow` reads. */
export const WINDOW_COLUMNS = [
	"group",
	"quietMs",
	"maxMs",
	"route",
	"repository",
	"dispatchType",
	"token",
	"dueAt",
	"newest",
	"oldestAt",
] as const;

/** Makes sure that a group's window is there, and leaves it as it is if it was. */
export function ensureWindow({ group, quietMs, maxMs, route, to, token }: Group): Write {
	const columns = {
		group,
		quietMs,
		maxMs,
		route,
		repository: to.repository,
		dispatchType: to.dispatchType,
		...(token === undefined ? {} : { token }),
	};
	return { kind: "upsert", rowKey: windowKey(group), columns };
}

export function readWindow({ rowKey, columns }: Row): Window {
	const text = (name: string) => (columns[name] === undefined ? undefined : String(columns[name]));
	const time = (name: string) => (columns[name] === undefined ? undefined : Date.parse(String(columns[name])));
	const [token, newest, oldestAt] = [text("token"), text("newest"), time("oldestAt")];
	return {
		rowKey,
		group: text("group") ?? "",
		quietMs: Number(columns["quietMs"]),
		maxMs: Number(columns["maxMs"]),
		route: text("route") ?? "",
		to: { repository: text("repository") ?? "", dispatchType: text("dispatchType") ?? "" },
		dueAt: time("dueAt") ?? 0,
		...(token === undefined ? {} : { token }),
		...(newest === undefined ? {} : { newest }),
		...(oldestAt === undefined ? {} : { oldestAt }),
	};
}

/** A member's key says when it was accepted: `m-group-time-key`. */
export function acceptedAtOf(memberRowKey: string): number {
	return Number(memberRowKey.split("-")[2]);
}
