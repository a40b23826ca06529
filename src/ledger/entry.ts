import type { AttemptRecord, Promised, Request } from "./promise.ts";
import type { Columns, Row } from "./storage.ts";

/** A dispatch that is owed, as a row of its lane. */
export interface Entry {
	readonly rowKey: string;
	readonly key: string;
	/** The key of its receipt's row. */
	readonly receipt: string;
	/** Epoch milliseconds. */
	readonly acceptedAt: number;
	/** `owner/name` */
	readonly repository: string;
	readonly dispatchType: string;
	readonly route: string;
	readonly token?: string;
	/** It stands aside until then, epoch milliseconds; 0 if it does not. */
	readonly notBefore: number;
	/** How often in a row GitHub was in trouble over it. */
	readonly troubles: number;
	readonly attempts: readonly AttemptRecord[];
	/** What to send; undefined where it has not been read, or lies in a blob. */
	readonly body?: string;
	readonly bodyBlob?: string;
	/** The blob that lists the members of the window that it closes, as long as they are not cleaned up. */
	readonly closing?: string;
}

/** Everything but what is sent, for looking past entries that cannot be delivered yet. */
export const LIGHT_COLUMNS = [
	"key",
	"receipt",
	"acceptedAt",
	"repository",
	"dispatchType",
	"route",
	"token",
	"notBefore",
	"troubles",
	"attempts",
	"bodyBlob",
	"closing",
] as const;

export interface NewEntry {
	readonly key: string;
	readonly receipt: string;
	readonly acceptedAt: number;
	readonly to: Promised["to"];
	readonly route: string;
	readonly token?: string | undefined;
	readonly closing?: string;
}

/** A new entry's columns, apart from what is sent: `body`, or `bodyBlob`. */
export function newEntry({ key, receipt, acceptedAt, to, route, token, closing }: NewEntry): Columns {
	return {
		key,
		receipt,
		acceptedAt: new Date(acceptedAt).toISOString(),
		repository: to.repository,
		dispatchType: to.dispatchType,
		route,
		...(token === undefined ? {} : { token }),
		...(closing === undefined ? {} : { closing }),
	};
}

export function readEntry({ rowKey, columns }: Row): Entry {
	const text = (name: string) => (columns[name] === undefined ? undefined : String(columns[name]));
	const [token, bodyBlob, closing] = [text("token"), text("bodyBlob"), text("closing")];
	const { body } = columns;
	return {
		rowKey,
		key: text("key") ?? "",
		receipt: text("receipt") ?? "",
		acceptedAt: Date.parse(text("acceptedAt") ?? ""),
		repository: text("repository") ?? "",
		dispatchType: text("dispatchType") ?? "",
		route: text("route") ?? "",
		notBefore: columns["notBefore"] === undefined ? 0 : Date.parse(text("notBefore") ?? ""),
		troubles: Number(columns["troubles"] ?? 0),
		attempts: JSON.parse(text("attempts") ?? "[]") as AttemptRecord[],
		...(token === undefined ? {} : { token }),
		...(body === undefined ? {} : { body: Buffer.from(body as Uint8Array).toString("utf8") }),
		...(bodyBlob === undefined ? {} : { bodyBlob }),
		...(closing ? { closing } : {}),
	};
}

/** The request of an entry, once its body has been read. */
export function toRequest({ repository, token }: Entry, body: string): Request {
	const [owner = "", repo = ""] = repository.split("/");
	return { owner, repo, body, ...(token === undefined ? {} : { token }) };
}
