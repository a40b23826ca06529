import type { BridgeEvent } from "../event/bridge-event.ts";
import { advancedFilter, type Test } from "./advanced-filter.ts";
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

function eventTypeCondition(included: readonly string[]): Condition[] {
	const types = new Set(included.map((type) => type.toLowerCase()));
	if (types.size === 0 || types.has("all")) return [];
	return [
		{
			test: (event) => types.has(event.type.toLowerCase()),
			failure: (event) => `${event.type} is not among its event types`,
		},
	];
}

function subjectConditions(filter: SubscriptionFilter): Condition[] {
	const cased = (text: string) => (filter.isSubjectCaseSensitive === true ? text : text.toLowerCase());
	const begin = filter.subjectBeginsWith ?? "";
	const end = filter.subjectEndsWith ?? "";
	const [casedBegin, casedEnd] = [cased(begin), cased(end)];
	const conditions: Condition[] = [];
	if (begin !== "") {
		conditions.push({
			test: ({ subject }) => cased(subject).startsWith(casedBegin),
			failure: ({ subject }) => `the subject "${subject}" does not begin with "${begin}"`,
		});
	}
	if (end !== "") {
		conditions.push({
			test: ({ subject }) => cased(subject).endsWith(casedEnd),
			failure: ({ subject }) => `the subject "${subject}" does not end with "${end}"`,
		});
	}
	return conditions;
}

function describe({ key, operatorType, value, values }: AdvancedFilter): string {
	const operands = values ?? value;
	return [key, operatorType, ...(operands === undefined ? [] : [JSON.stringify(operands)])].join(" ");
}
