import type { Step } from "./explore.ts";

/** What a process does in one step; its name is the line in a trace. */
export type Rule<World, Process, Bounds> = (world: World, me: Process, bounds: Bounds) => void;

export function asSteps<World, Process, Bounds>(
	who: string,
	rules: readonly Rule<World, Process, Bounds>[],
	of: (world: World) => Process,
	bounds: Bounds,
): Step<World>[] {
	return rules.map((rule) => ({
		name: `${who} ${inWords(rule.name)}`,
		take: (next) => rule(next, of(next), bounds),
	}));
}

/** What may strike as often as is left of its kind. */
export function misfortune<Kind extends string, World extends { left: Readonly<Record<Kind, number>> }>(
	world: World,
	kind: Kind,
	name: string,
	strikes: (next: World) => void,
): Step<World>[] {
	if (world.left[kind] === 0) return [];
	const take = (next: World) => {
		next.left = { ...next.left, [kind]: next.left[kind] - 1 };
		strikes(next);
	};
	return [{ name, optional: true, take }];
}

const words = new Map<string, string>();

function inWords(name: string): string {
	const known = words.get(name) ?? name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
	words.set(name, known);
	return known;
}
