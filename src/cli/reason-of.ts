/** Why a request came to nothing: fetch says no more than "fetch failed"; what happened stands in the last of its causes. */
export function reasonOf(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	if (error.cause instanceof Error) return reasonOf(error.cause);
	const { code, name, message } = error as NodeJS.ErrnoException;
	return message || code || name;
}
