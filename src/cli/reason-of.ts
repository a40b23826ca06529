/** Why a request came to nothing: fetch says no more than "fetch failed"; what happened stands in the last of its causes. */
export function reasonOf(error: unknown): string {
	// Not by `instanceof`: an error may be of another realm.
	if (typeof error !== "object" || error === null) return String(error);
	const { cause, message, code, name } = error as Partial<NodeJS.ErrnoException>;
	if (typeof cause === "object" && cause !== null) return reasonOf(cause);
	return message || code || name || "no reason was given";
}
