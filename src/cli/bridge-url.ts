import { isLoopback, USUAL_PORT } from "../config/settings.ts";
import { CliError } from "./cli-error.ts";

/** Where `npm start` runs the bridge. */
export const LOCAL_BRIDGE = `http://127.0.0.1:${USUAL_PORT}`;

/**
 * An address as it was given: https, or http on this machine, so that no key travels in the open.
 * @param flag names it for the mistake
 * @throws CliError
 */
export function readUrl(text: string, flag: string): URL {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	const safe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url));
	if (url === undefined || !safe) {
		throw new CliError(`${flag}: "${text}" is not an https address (http is allowed only on this machine)`, 2);
	}
	if (url.username !== "" || url.password !== "") throw new CliError(`${flag}: give a key with --key instead`, 2);
	return url;
}

/** An address as it may be printed: without what its query may hold. */
export function shownUrl({ origin, pathname, search }: URL): string {
	return `${origin}${pathname === "/" ? "" : pathname}${search === "" ? "" : "?…"}`;
}

/** What paths below an address begin with: without a slash at its end, and without a query, which may hold a key. */
export function baseOf({ origin, pathname }: URL): string {
	return `${origin}${pathname.replace(/\/+$/, "")}`;
}

/** A path without its percent-encoding; as it is where that cannot be read. */
export function decodedPath(path: string): string {
	try {
		return decodeURIComponent(path);
	} catch {
		return path;
	}
}

/** As one word of a shell: in quotes where it has characters that mean something to a shell. */
export function quoted(text: string): string {
	return /^[\w:/.@%+,=~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
