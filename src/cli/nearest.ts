/**
 * What was probably meant: the one of the known texts that is only a slip away. A difference in case alone goes
 * first, then the fewest letters to change. Undefined where none is close.
 */
export function nearest(text: string, known: readonly string[]): string | undefined {
	const lower = text.toLowerCase();
	const sameButCase = known.find((one) => one !== text && one.toLowerCase() === lower);
	if (sameButCase !== undefined) return sameButCase;
	const [best] = known
		.filter((one) => one !== text && isSlip(lower, one.toLowerCase()))
		.sort((a, b) => editDistance(lower, a.toLowerCase()) - editDistance(lower, b.toLowerCase()));
	return best;
}

/** Letters to change for a slip: few, and fewer in short names. Names that differ in a number alone are two names. */
function isSlip(one: string, other: string): boolean {
	if (one.replaceAll(/\d+/g, "#") === other.replaceAll(/\d+/g, "#")) return false;
	return editDistance(one, other) <= Math.min(3, Math.floor(Math.min(one.length, other.length) / 4));
}

/** How many letters to insert, remove, replace or swap with their neighbour to get from one to the other. */
function editDistance(one: string, other: string): number {
	let before: number[] = [];
	let row = Array.from({ length: other.length + 1 }, (_, at) => at);
	for (let i = 1; i <= one.length; i++) {
		const next = [i];
		for (let j = 1; j <= other.length; j++) {
			const same = one[i - 1] === other[j - 1];
			const changed = Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + (same ? 0 : 1));
			const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
			next.push(swapped ? Math.min(changed, (before[j - 2] ?? 0) + 1) : changed);
		}
		[before, row] = [row, next];
	}
	return row[other.length] ?? 0;
}
