import type { SampleEvent } from "./envelope.ts";
import type { Matter } from "./makers.ts";
import type { World } from "./world.ts";

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|\+00:00)$/;
const SEQUENCER = /^[0-9A-F]{48}$/;

/**
 * Another event like a schema's example. It has ids of its own, the same id in the same places; times as far from the
 * present as the example's from its own; and where its data has what the end of its subject names, a number in that name.
 */
export function varyExample({ type, subject, time, data }: SampleEvent, world: World): Matter {
	const ids = new Map<string, string>();
	const freshId = (id: string) => {
		ids.set(id, ids.get(id) ?? world.dice.uuid());
		return ids.get(id) ?? id;
	};
	const named = subject.split("/").at(-1) ?? "";
	const isNamed = named !== "" && textsIn(data).some((text) => endsWithName(text, named));
	const number = String(world.count(type)).padStart(5, "0");
	const since = world.now() - Date.parse(time);

	function varied(text: string): string {
		if (SEQUENCER.test(text)) return world.sequencer();
		if (TIME.test(text)) return `${new Date(Date.parse(text) + since).toISOString().slice(0, 19)}Z`;
		const numbered = isNamed && endsWithName(text, named) ? withNumber(text, number) : text;
		return numbered.replaceAll(UUID, freshId);
	}

	return { subject: varied(subject), data: inTexts(data, varied) as SampleEvent["data"] };
}

function endsWithName(text: string, name: string): boolean {
	return text === name || text.endsWith(`/${name}`);
}

/** Before the ending of a file, else at the end. */
function withNumber(text: string, number: string): string {
	return text.replace(/(?:\.[a-z]+)?$/, (ending) => `-${number}${ending}`);
}

function textsIn(value: unknown): readonly string[] {
	if (typeof value === "string") return [value];
	return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function inTexts(value: unknown, change: (text: string) => string): unknown {
	if (typeof value === "string") return change(value);
	if (Array.isArray(value)) return value.map((one) => inTexts(one, change));
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([name, below]) => [name, inTexts(below, change)]));
}
