/**
 * A small explicit-state explorer: it takes every step that a model allows, in every order, breadth first, so that a
 * trace to a violation is a shortest one.
 */
export interface Model<World> {
	readonly initial: World;
	/** Whatever could happen next. */
	steps(world: World): readonly Step<World>[];
	/** Called after every step: makes worlds equal that differ in nothing that matters. */
	settle?(world: World): void;
	/** What must not be the case at any time, whatever happens later. */
	wrongNow?(world: World): string | undefined;
	/** What is wrong if nothing more happens than what has happened. */
	wrongAtEnd(world: World): string | undefined;
}

export interface Step<World> {
	/** One line of a trace. */
	readonly name: string;
	/** It happens or it does not: nothing may count on it. A world in which only such steps are left is an end. */
	readonly optional?: boolean;
	/** Changes the world that it is given, which is a copy. */
	readonly take: (world: World) => void;
}

export interface Exploration {
	readonly states: number;
	readonly ends: number;
	readonly violation?: Violation;
}

export interface Violation {
	readonly problem: string;
	/** Every step from the beginning. */
	readonly trace: readonly string[];
}

/** A world that counts upwards for ever would be explored for ever. */
const MAX_STATES = 1_000_000;

export function explore<World>(model: Model<World>): Exploration {
	/** Those that were not looked at yet: the others are known by their number alone. */
	const worlds: (World | undefined)[] = [model.initial];
	const numbers = new Map([[inShort(model.initial), 0]]);
	const cameFrom = [-1];
	const cameBy = [""];
	const ends: number[] = [];
	/** For each world the worlds from which a step that is sure to be taken leads to it. */
	const before: number[][] = [[]];

	const violation = (problem: string, number: number): Violation => {
		const trace: string[] = [];
		for (let at = number; at > 0; at = cameFrom[at] as number) trace.unshift(cameBy[at] as string);
		return { problem, trace };
	};

	for (let number = 0; number < worlds.length; number++) {
		const world = worlds[number] as World;
		worlds[number] = undefined;
		const wrong = model.wrongNow?.(world);
		if (wrong !== undefined) {
			return { states: worlds.length, ends: ends.length, violation: violation(wrong, number) };
		}
		let isEnd = true;
		for (const { name, optional, take } of model.steps(world)) {
			const next = copyOf(world);
			take(next);
			model.settle?.(next);
			const key = inShort(next);
			let nextNumber = numbers.get(key);
			if (nextNumber === undefined) {
				nextNumber = worlds.push(next) - 1;
				if (nextNumber === MAX_STATES) throw new Error(`more than ${MAX_STATES} states`);
				numbers.set(key, nextNumber);
				cameFrom.push(number);
				cameBy.push(name);
				before.push([]);
			}
			if (optional) continue;
			isEnd = false;
			before[nextNumber]?.push(number);
		}
		if (!isEnd) continue;
		ends.push(number);
		const problem = model.wrongAtEnd(world);
		if (problem !== undefined) {
			return { states: worlds.length, ends: ends.length, violation: violation(problem, number) };
		}
	}

	const result = { states: worlds.length, ends: ends.length };
	const endless = firstEndless(before, ends);
	return endless < 0 ? result : { ...result, violation: violation("goes on for ever", endless) };
}

/** All values, in a third of the time of JSON: this and the copies are most of the time that exploring takes. */
export function inShort(value: unknown): string {
	if (typeof value !== "object" || value === null) return `${value},`;
	let text = "[";
	if (Array.isArray(value)) for (const item of value) text += inShort(item);
	else for (const key in value) text += inShort((value as Record<string, unknown>)[key]);
	return `${text}]`;
}

function copyOf<T>(value: T): T {
	if (typeof value !== "object" || value === null) return value;
	if (Array.isArray(value)) return value.map(copyOf) as T;
	const copy = { ...value };
	for (const key in copy) copy[key] = copyOf(copy[key]);
	return copy;
}

/** The first world from which no end can be reached any more; -1 if there is none. */
function firstEndless(before: readonly (readonly number[])[], ends: readonly number[]): number {
	const ending = new Uint8Array(before.length);
	for (const end of ends) ending[end] = 1;
	const open = [...ends];
	for (let number = open.pop(); number !== undefined; number = open.pop()) {
		for (const earlier of before[number] ?? []) {
			if (ending[earlier] === 1) continue;
			ending[earlier] = 1;
			open.push(earlier);
		}
	}
	return ending.indexOf(0);
}
