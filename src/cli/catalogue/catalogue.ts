import { toDispatchType } from "../../route/route.ts";
import { CliError } from "../cli-error.ts";
import { eventType, meantType, TYPE_NAMES } from "../event-types.ts";
import type { SampleEvent } from "./envelope.ts";
import { MAKERS, type Matter } from "./makers.ts";
import { createWorld, type World } from "./world.ts";

/** Makes realistic events that hang together: of one workspace and one storage account, in the order of their time. */
interface Catalogue {
	/** @throws TypeError for a type that has no schema */
	next(type: string): SampleEvent;
}

/**
 * @param seed the same seed and the same clock, the same events
 * @param now epoch milliseconds
 */
export function createCatalogue(seed: number, now: () => number): Catalogue {
	const world = createWorld(seed, now);
	return {
		next(type) {
			const example = eventType(type)?.example;
			if (example === undefined) throw new TypeError(`there are no events of ${type}`);
			const id = world.dice.uuid();
			const { subject, data } = MAKERS[type]?.(world) ?? varyExample(example, world);
			// Event Grid's times have seven digits below the second.
			const time = new Date(now()).toISOString().replace("Z", `${String(world.dice.below(10_000)).padStart(4, "0")}Z`);
			return { id, type, source: example.source, subject, time, data };
		},
	};
}

/**
 * The type that a text names: as published, by its dispatch type, or by its last part; in any case.
 * @throws CliError with what was probably meant
 */
export function findType(text: string): string {
	const wanted = text.trim().toLowerCase();
	const found = TYPE_NAMES.find((type) => namesOf(type).some((name) => name.toLowerCase() === wanted));
	if (found !== undefined) return found;
	const meant = meantType(text);
	const hint =
		meant === undefined
			? `the known types are ${TYPE_NAMES.map(shortName).join(", ")}; for another type, send a recorded event with --file`
			: `did you mean ${shortName(meant)}?`;
	throw new CliError(`the event type "${text}" is not known: ${hint}`, 2);
}

/** The last part of a type, such as `RunCompleted`. */
export function shortName(type: string): string {
	return type.split(".").at(-1) ?? type;
}

function namesOf(type: string): readonly string[] {
	return [type, toDispatchType(type), shortName(type)];
}

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
