/**
 * Copies of a sample that no bridge has seen: each with an id of its own, and of now.
 * @param now epoch milliseconds
 */
export function freshEvents(
	sample: Readonly<Record<string, unknown>>,
	count: number,
	now: () => number,
	newId: () => string,
): readonly Readonly<Record<string, unknown>>[] {
	return Array.from({ length: count }, () => ({ ...sample, id: newId(), time: new Date(now()).toISOString() }));
}
