import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Route, toDispatchType } from "../route/route.ts";
import type { SampleEvent } from "./catalogue/envelope.ts";
import { nearest } from "./nearest.ts";

/** What a schema of `src/event/schemas` says of its event type. */
export interface EventType {
	/** As published, such as `Microsoft.Storage.BlobCreated`. */
	readonly type: string;
	/** How its subjects may begin, up to the first part that varies: `experiments/`. */
	readonly subjectStarts: readonly string[];
	/** The members of its data, as published. */
	readonly members: readonly string[];
	/** What its schema says of each of them. */
	readonly memberSchemas: Readonly<Record<string, MemberSchema>>;
	readonly example: SampleEvent;
}

/** What the schema of a member says, as far as it bounds its length. */
interface MemberSchema {
	readonly type?: unknown;
	readonly maxLength?: number;
	readonly enum?: readonly unknown[];
}

interface EventSchema {
	readonly title: string;
	readonly properties: {
		/** The form of its subjects, such as `models/{modelName}:{modelVersion}`; several forms are joined by ` or `. */
		readonly subject: { readonly description: string };
		readonly data: { readonly properties?: Readonly<Record<string, MemberSchema>> };
	};
	readonly examples?: readonly SampleEvent[];
}

const SCHEMAS = join(import.meta.dirname, "../event/schemas");

/** Every known event type, from the schemas themselves: a new one is known here without a line of code. */
export const EVENT_TYPES: readonly EventType[] = readdirSync(SCHEMAS)
	.sort()
	.map((file) => {
		const schema = JSON.parse(readFileSync(join(SCHEMAS, file), "utf8")) as EventSchema;
		const { subject, data } = schema.properties;
		const [example] = schema.examples ?? [];
		if (example === undefined) throw new Error(`${file} has no example: put one event into "examples"`);
		return {
			type: schema.title,
			subjectStarts: subject.description.split(" or ").map((form) => form.split("{")[0] ?? ""),
			members: Object.keys(data.properties ?? {}),
			memberSchemas: data.properties ?? {},
			example,
		};
	});

/** The names of all known types, as published. */
export const TYPE_NAMES: readonly string[] = EVENT_TYPES.map(({ type }) => type);

const byName = new Map(EVENT_TYPES.map((one) => [one.type.toLowerCase(), one]));

/** A known type by its name in any case; undefined for any other publisher's. */
export function eventType(name: string): EventType | undefined {
	return byName.get(name.toLowerCase());
}

/** Whether a name begins like that of a known type, so that its publisher is one whose types are known. */
export function isKnownPublisher(name: string): boolean {
	const publisherOf = (type: string) => type.split(".").slice(0, -1).join(".").toLowerCase();
	return EVENT_TYPES.some(({ type }) => publisherOf(type) === publisherOf(name));
}

/** The known type that an unknown text probably means: by its spelling, its last part or its dispatch type. */
export function meantType(text: string): string | undefined {
	const lower = text.toLowerCase().replaceAll(/[-/]/g, ".");
	const tail = TYPE_NAMES.filter((known) => known.toLowerCase().endsWith(`.${lower}`));
	if (tail.length === 1) return tail[0];
	if (text.includes(".")) return nearest(text, TYPE_NAMES);
	// Without a publisher: perhaps the last part of a name, or a dispatch type.
	const meant = (short: (known: string) => string) => {
		const near = nearest(text, TYPE_NAMES.map(short));
		return TYPE_NAMES.find((known) => short(known) === near);
	};
	return meant((known) => known.split(".").at(-1) ?? "") ?? meant(toDispatchType);
}

/** The known types that a source can raise, as far as the kind of resource in its ARM id tells; else undefined. */
export function typesOfSource(source: string): readonly string[] | undefined {
	const kind = kindOf(source);
	if (kind === undefined) return undefined;
	const raised = EVENT_TYPES.filter(({ example }) => kindOf(example.source) === kind).map(({ type }) => type);
	return raised.length === 0 ? undefined : raised;
}

function kindOf(source: string): string | undefined {
	return /\/providers\/([^/]+\/[^/]+)(?:\/|$)/i.exec(source)?.[1]?.toLowerCase();
}

/** The event types that a route takes. */
interface RouteTypes {
	/** In published case where known. */
	readonly types: readonly string[];
	/** Whether the table names them. If not, `types` are the known ones that the route's source can raise. */
	readonly named: boolean;
}

export function routeTypes({ filter, source }: Pick<Route, "filter" | "source">): RouteTypes {
	const included = filter?.includedEventTypes ?? [];
	const raised = source === undefined ? undefined : typesOfSource(source);
	if (included.length === 0 || included.some((type) => type.toLowerCase() === "all")) {
		return { types: raised ?? TYPE_NAMES, named: false };
	}
	return { types: [...new Set(included.map((type) => eventType(type)?.type ?? type))], named: true };
}
