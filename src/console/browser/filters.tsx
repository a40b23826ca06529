import { useEffect, useRef, useState } from "preact/hooks";
import type { State } from "./answers.ts";
import { type Filter, RANGES, type Range, type RangeName } from "./view.ts";
import { TONES } from "./way-of.ts";

/** A pause in typing, after which it is looked for. */
const TYPED_MS = 250;

interface FiltersProps {
	/** Epoch milliseconds. */
	readonly now: number;
	readonly filter: Filter;
	readonly onChange: (filter: Filter) => void;
}

/** Narrows the list; the bridge itself looks, so that old events are found, too. */
export function Filters({ now, filter, onChange }: FiltersProps) {
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
	// What is typed must not be overwritten by what was looked for last, while it is being typed.
	const [typed, setTyped] = useState(filter.find);
	useEffect(() => {
		clearTimeout(timer.current);
		if (typed.trim() !== filter.find) setTyped(filter.find);
	}, [filter]);

	/** What was typed counts at once with whatever is chosen beside it. */
	function narrow(part: Partial<Filter>, find = typed): void {
		onChange({ ...filter, find: find.trim(), ...part });
	}

	function type(find: string): void {
		setTyped(find);
		clearTimeout(timer.current);
		timer.current = setTimeout(() => narrow({}, find), TYPED_MS);
	}

	return (
		<search class="filters">
			<label>
				<span class="hidden">Find</span>
				<input
					id="find"
					type="search"
					placeholder="id, subject, run, repository, key"
					aria-keyshortcuts="/"
					value={typed}
					onInput={({ currentTarget }) => type(currentTarget.value)}
				/>
			</label>
			<label>
				<span class="hidden">State</span>
				<select
					value={filter.state}
					onChange={({ currentTarget }) => narrow({ state: currentTarget.value as Filter["state"] })}
				>
					<option value="">all states</option>
					{(Object.keys(TONES) as State[]).map((state) => (
						<option key={state} value={state}>
							{state}
						</option>
					))}
				</select>
			</label>
			<label>
				<span class="hidden">Time</span>
				<select
					value={typeof filter.range === "string" ? filter.range : "chosen"}
					onChange={({ currentTarget }) => narrow({ range: rangeOf(currentTarget.value, now) })}
				>
					{Object.entries(RANGES).map(([name, { title }]) => (
						<option key={name} value={name}>
							{title}
						</option>
					))}
					<option value="chosen">from … to …</option>
				</select>
			</label>
			{typeof filter.range !== "string" && <FromTo range={filter.range} onChange={(range) => narrow({ range })} />}
		</search>
	);
}

type Chosen = Exclude<Range, string>;

function FromTo({ range, onChange }: { range: Chosen; onChange: (range: Chosen) => void }) {
	const field = (name: "since" | "until", title: string) => (
		<label>
			{title}
			<input
				type="datetime-local"
				value={range[name]}
				onChange={({ currentTarget }) => onChange({ ...range, [name]: currentTarget.value })}
			/>
		</label>
	);
	return (
		<div class="from-to">
			{field("since", "From")}
			{field("until", "To")}
		</div>
	);
}

const DAY_MS = 86_400_000;

function rangeOf(value: string, now: number): Range {
	if (value !== "chosen") return value as RangeName;
	return { since: localTime(now - DAY_MS), until: localTime(now + 60_000) };
}

/** As an input for a local time writes it: to the minute, without a zone. */
function localTime(epochMs: number): string {
	const offset = new Date(epochMs).getTimezoneOffset() * 60_000;
	return new Date(epochMs - offset).toISOString().slice(0, 16);
}
