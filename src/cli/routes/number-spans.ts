import type { Constraint } from "./constraint.ts";

/** Numbers between two ends. */
interface Span {
	readonly low: number;
	readonly high: number;
	/** Whether the end itself is left out. */
	readonly lowOpen: boolean;
	readonly highOpen: boolean;
}

const ALL: Span = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, lowOpen: true, highOpen: true };

/** Whether any number at all fulfils every one of these; constraints on strings and booleans are passed by. */
export function someNumberFits(constraints: readonly Constraint[]): boolean {
	const allowed = constraints.flatMap((constraint) => {
		const spans = spansOf(constraint);
		return spans === undefined ? [] : [spans];
	});
	return allowed.reduce<readonly Span[]>(intersected, [ALL]).length > 0;
}

function spansOf({ operator, operands }: Constraint): readonly Span[] | undefined {
	const [first] = operands as number[];
	switch (operator) {
		case "NumberIn":
			return (operands as number[]).map(point);
		case "NumberNotIn":
			return (operands as number[]).map(point).map(outside).reduce(intersected, [ALL]);
		case "NumberInRange":
			return (operands as [number, number][]).map(between);
		case "NumberNotInRange":
			return (operands as [number, number][]).map(between).map(outside).reduce(intersected, [ALL]);
		case "NumberLessThan":
			return [{ ...ALL, high: first ?? 0 }];
		case "NumberLessThanOrEquals":
			return [{ ...ALL, high: first ?? 0, highOpen: false }];
		case "NumberGreaterThan":
			return [{ ...ALL, low: first ?? 0 }];
		case "NumberGreaterThanOrEquals":
			return [{ ...ALL, low: first ?? 0, lowOpen: false }];
		default:
			return undefined;
	}
}

function point(value: number): Span {
	return between([value, value]);
}

function between([low, high]: readonly [number, number]): Span {
	return { low, high, lowOpen: false, highOpen: false };
}

/** What lies outside of a closed span. */
function outside({ low, high }: Span): readonly Span[] {
	return [
		{ ...ALL, high: low },
		{ ...ALL, low: high },
	];
}

function intersected(some: readonly Span[], others: readonly Span[]): readonly Span[] {
	return some.flatMap((one) => others.map((other) => overlap(one, other))).filter(isFilled);
}

function overlap(one: Span, other: Span): Span {
	const low = Math.max(one.low, other.low);
	const high = Math.min(one.high, other.high);
	const open = (end: "low" | "high", at: number) =>
		(one[end] === at && one[`${end}Open`]) || (other[end] === at && other[`${end}Open`]);
	return { low, high, lowOpen: open("low", low), highOpen: open("high", high) };
}

function isFilled({ low, high, lowOpen, highOpen }: Span): boolean {
	return low < high || (low === high && !lowOpen && !highOpen);
}
