import { useEffect, useRef, useState } from "preact/hooks";
import type { State } from "./answers.ts";
import type { Filter } from "./api.ts";
import { TONES } from "./way-of.ts";

/** A pause in typing, after which it is looked for. */
const TYPED_MS = 250;

/** Narrows the list; the bridge itself looks, so that old events are found, too. */
export function Filters({ filter, onChange }: { filter: Filter; onChange: (filter: Filter) => void }) {
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
	// What is typed must not be overwritten by what was looked for last, while it is being typed.
	const [typed, setTyped] = useState(filter.find);
	useEffect(() => setTyped(filter.find), [filter.find]);

	function type(find: string): void {
		setTyped(find);
		clearTimeout(timer.current);
		timer.current = setTimeout(() => onChange({ ...filter, find: find.trim() }), TYPED_MS);
	}

	return (
		<search class="filters">
			<label>
				<span class="hidden">Find</span>
				<input
					type="search"
					placeholder="id, subject, run, repository, key"
					value={typed}
					onInput={({ currentTarget }) => type(currentTarget.value)}
				/>
			</label>
			<label>
				<span class="hidden">State</span>
				<select
					value={filter.state}
					onChange={({ currentTarget }) => onChange({ ...filter, state: currentTarget.value as Filter["state"] })}
				>
					<option value="">all states</option>
					{(Object.keys(TONES) as State[]).map((state) => (
						<option key={state} value={state}>
							{state}
						</option>
					))}
				</select>
			</label>
		</search>
	);
}
