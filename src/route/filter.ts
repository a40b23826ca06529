import { isNumberText } from "../event/json.ts";
import type { BridgeEvent, RoutePart } from "../model.ts";
import { asNumber, type FilteredEvent, type KeyValue, keyReader } from "./filtered-event.ts";
import { OPERATORS, type Operator } from "./operators.ts";
import type { AdvancedFilter, SubscriptionFilter } from "./route.ts";

/** Says whether an event passes; made once, when the routes are read. */
type Test = (event: FilteredEvent) => boolean;

/** One condition of a filter: the test, and the words that say how an event failed it. */
export interface Condition {
	/** What the routes table calls it. */
	readonly part: RoutePart;
	readonly test: Test;
	readonly failure: (event: BridgeEvent) => string;
}

/** An Event Grid subscription filter as its conditions, all of which must be met. Made once, when the routes are read. */
export function filterConditions(filter: SubscriptionFilter): readonly Condition[] {
	const onArrays = filter.enableAdvancedFilteringOnArrays === true;
	return [
		...eventTypeCondition(filter.includedEventTypes ?? []),
		...subjectConditions(filter),
		...(filter.advancedFilters ?? []).map((advanced) => ({
			part: "advancedFilters" as const,
			test: advancedFilter(advanced, onArrays),
			failure: () => `not ${describe(advanced)}`,
		})),
	];
}

const MAX_QUOTED = 200;

/** What an event says is as long as its sender likes, and a reason quotes it once for each route. */
export function clip(text: string): string {
	return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED).toWellFormed()}…` : text;
}

/** What opens a Data Lake or SFTP upload; `FlushWithClose` or `SftpCommit` follows with a second BlobCreated. */
export const OPENING_WRITES = ["CreateFile", "SftpCreate"] as const;
const openingWrites: ReadonlySet<string> = new Set(OPENING_WRITES.map((api) => api.toLowerCase()));

/**
 * Lets only the write through that completes an upload, so that one upload starts one run. An operation that is not
 * known passes: better a second run than none.
 * Source: learn.microsoft.com, "Azure Blob Storage as an Event Grid source".
 */
export const completedWrite: Condition = {
	part: "onlyCompletedWrites",
	test: ({ event, lower }) =>
		lower(event.type) !== "microsoft.storage.blobcreated" || !openingWrites.has(lower(apiOf(event))),
	failure: (event) =>
		`data.api is ${apiOf(event)}, which only opens the upload; onlyCompletedWrites waits for the event that completes it. An empty file or a copy may have no second event: a route with "onlyCompletedWrites": false takes the first`,
};

function apiOf({ data }: BridgeEvent): string {
	const api = (data as { api?: unknown } | null | undefined)?.api;
	return typeof api === "string" ? api : "";
}

function eventTypeCondition(included: readonly string[]): Condition[] {
	const types = new Set(included.map((type) => type.toLowerCase()));
	if (types.size === 0 || types.has("all")) return [];
	return [
		{
			part: "includedEventTypes",
			test: ({ event, lower }) => types.has(lower(event.type)),
			failure: (event) => `${clip(event.type)} is not among its event types`,
		},
	];
}

function subjectConditions(filter: SubscriptionFilter): Condition[] {
	const isCased = filter.isSubjectCaseSensitive === true;
	const condition = (
		part: "subjectBeginsWith" | "subjectEndsWith",
		verb: "begin" | "end",
		meets: (subject: string, wanted: string) => boolean,
	): Condition[] => {
		const text = filter[part] ?? "";
		if (text === "") return [];
		const wanted = isCased ? text : text.toLowerCase();
		const test: Test = ({ event, lower }) => meets(isCased ? event.subject : lower(event.subject), wanted);
		return [{ part, test, failure: ({ subject }) => `the subject "${clip(subject)}" does not ${verb} with "${text}"` }];
	};
	return [
		...condition("subjectBeginsWith", "begin", (subject, wanted) => subject.startsWith(wanted)),
		...condition("subjectEndsWith", "end", (subject, wanted) => subject.endsWith(wanted)),
	];
}

/**
 * One advanced filter of an Event Grid subscription as a test.
 * @param onArrays `enableAdvancedFilteringOnArrays`: look into an array under the key; otherwise it counts as a value
 * of another type
 * @throws TypeError for an operator that is not in the table
 */
export function advancedFilter(filter: AdvancedFilter, onArrays: boolean): Test {
	const read = keyReader(filter.key);
	const operator = OPERATORS[filter.operatorType];
	if (operator === undefined) throw new TypeError(`no operator ${filter.operatorType}`);
	const operands = (filter.values ?? [filter.value]).map(lowerCase) as never[];

	return (event) => {
		const found = read(event);
		if (found.value === undefined || found.value === null) return operator.whenMissing;
		const values = valuesOf(found, operator.of, event, onArrays) as never[];
		const met = operands.some((operand) => values.some((value) => operator.meets(value, operand)));
		return met !== operator.negative;
	};
}

/** An advanced filter in one line, as failures name it: `data.contentLength NumberGreaterThan 1`. */
function describe({ key, operatorType, value, values }: AdvancedFilter): string {
	const operands = values ?? value;
	return [key, operatorType, ...(operands === undefined ? [] : [JSON.stringify(operands)])].join(" ");
}

/** The values under a key that are of the operator's type; texts in lower case. */
function valuesOf(found: KeyValue, of: Operator["of"], event: FilteredEvent, onArrays: boolean): readonly unknown[] {
	if (of === "any") return [found.value];
	if (Array.isArray(found.value)) return onArrays ? event.elements(found.value, of) : [];
	const value = of === "string" ? asText(found) : asNumber(found.value);
	if (typeof value !== of) return [];
	return [typeof value === "string" ? event.lower(value) : value];
}

function lowerCase(value: unknown): unknown {
	return typeof value === "string" ? value.toLowerCase() : value;
}

/**
 * Event Grid's page filters a numeric extension attribute with a string operator, against its own rule that values of
 * another type are ignored. Context attributes have a canonical text in CloudEvents, so there, and only there, a
 * string operator reads a number as its text.
 */
function asText({ value, extension }: KeyValue): unknown {
	return extension && (typeof value === "number" || isNumberText(value)) ? String(value) : value;
}
