import type { BridgeEvent } from "../event/bridge-event.ts";
import { advancedFilter, type Test } from "./advanced-filter.ts";
import type { FilteredEvent } from "./filtered-event.ts";
import type { AdvancedFilter, SubscriptionFilter } from "./route.ts";

/** One condition of a filter: the test, and the words that say how an event failed it. */
export interface Condition {
	readonly test: Test;
	readonly failure: (event: BridgeEvent) => string;
}

/** An Event Grid subscription filter as its conditions, all of which must hold. Made once, when the routes are read. */
export function filterConditions(filter: SubscriptionFilter): readonly Condition[] {
	const onArrays = filter.enableAdvancedFilteringOnArrays === true;
	return [
		...eventTypeCondition(filter.includedEventTypes ?? []),
		...subjectConditions(filter),
		...(filter.advancedFilters ?? []).map((advanced) => ({
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

function eventTypeCondition(included: readonly string[]): Condition[] {
	const types = new Set(included.map((type) => type.toLowerCase()));
	if (types.size === 0 || types.has("all")) return [];
	return [
		{
			test: ({ event, lower }) => types.has(lower(event.type)),
			failure: (event) => `${clip(event.type)} is not among its event types`,
		},
	];
}

function subjectConditions(filter: SubscriptionFilter): Condition[] {
	const isCased = filter.isSubjectCaseSensitive === true;
	const cased = ({ event, lower }: FilteredEvent) => (isCased ? event.subject : lower(event.subject));
	const begin = filter.subjectBeginsWith ?? "";
	const end = filter.subjectEndsWith ?? "";
	const [casedBegin = "", casedEnd = ""] = [begin, end].map((text) => (isCased ? text : text.toLowerCase()));
	const conditions: Condition[] = [];
	if (begin !== "") {
		conditions.push({
			test: (filtered) => cased(filtered).startsWith(casedBegin),
			failure: ({ subject }) => `the subject "${clip(subject)}" does not begin with "${begin}"`,
		});
	}
	if (end !== "") {
		conditions.push({
			test: (filtered) => cased(filtered).endsWith(casedEnd),
			failure: ({ subject }) => `the subject "${clip(subject)}" does not end with "${end}"`,
		});
	}
	return conditions;
}

function describe({ key, operatorType, value, values }: AdvancedFilter): string {
	const operands = values ?? value;
	return [key, operatorType, ...(operands === undefined ? [] : [JSON.stringify(operands)])].join(" ");
}
