const PREFIX = "#receipt=";

/** The key that a page's fragment names; undefined where it names none. */
export function keyInFragment(fragment: string): string | undefined {
	if (!fragment.startsWith(PREFIX)) return undefined;
	try {
		return decodeURIComponent(fragment.slice(PREFIX.length)) || undefined;
	} catch {
		return undefined;
	}
}

/** The fragment that opens a receipt. A fragment is never sent to a server. */
export function fragmentOf(key: string): string {
	return `${PREFIX}${encodeURIComponent(key)}`;
}
