/** What one measurement found, by the name of the measure, its unit included. The first is what the row is about. */
export type Sample = Readonly<Record<string, number>>;

/** Two measurements that were made one right after the other. */
export interface Pair {
	readonly ours: Sample;
	readonly baseline: Sample;
}

/** One measure over all pairs. */
export interface Figure {
	readonly measure: string;
	/** Medians. */
	readonly ours: number;
	readonly baseline: number;
	/** The median of the pairs' own ratios, ours ÷ baseline; and the two that lie farthest out. */
	readonly ratio: number;
	readonly lowest: number;
	readonly highest: number;
}

/**
 * Measures in turn: A B A B …, so that a machine that gets slower or busier meanwhile does so for both. One pair more
 * than asked for: the first warms up caches and compilers, and is not counted. What is measured in fresh processes, or
 * takes far longer than any warming up, need not be warmed up.
 */
export async function alternate(
	pairs: number,
	ours: () => Promise<Sample>,
	baseline: () => Promise<Sample>,
	{ warmUps = 1 }: { readonly warmUps?: number } = {},
): Promise<readonly Pair[]> {
	const measured: Pair[] = [];
	for (let count = 0; count < pairs + warmUps; count++) {
		measured.push({ ours: await ours(), baseline: await baseline() });
	}
	return measured.slice(warmUps);
}

/** The figures of all pairs. The ratios are taken pair by pair, since only a pair has seen the same machine. */
export function summarise(pairs: readonly Pair[]): readonly Figure[] {
	return Object.keys(pairs[0]?.ours ?? {}).map((measure) => {
		const ours = pairs.map((pair) => read(pair.ours, measure));
		const baseline = pairs.map((pair) => read(pair.baseline, measure));
		const ratios = pairs.map((pair) => read(pair.ours, measure) / read(pair.baseline, measure));
		return {
			measure,
			ours: median(ours),
			baseline: median(baseline),
			ratio: median(ratios),
			lowest: Math.min(...ratios),
			highest: Math.max(...ratios),
		};
	});
}

export function median(values: readonly number[]): number {
	const sorted = [...values].sort((one, other) => one - other);
	const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
	const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
	return (lower + upper) / 2;
}

/** The smallest value that so many of a hundred do not exceed. */
export function percentile(values: readonly number[], of100: number): number {
	const sorted = [...values].sort((one, other) => one - other);
	return sorted[Math.max(0, Math.ceil((sorted.length * of100) / 100) - 1)] ?? Number.NaN;
}

/** A measure that is missing on one side would make a ratio of nothing. */
function read(sample: Sample, measure: string): number {
	const value = sample[measure];
	if (value === undefined || !(value > 0)) throw new Error(`"${measure}" was not measured: ${value}`);
	return value;
}
