import type { Receipt } from "./answers.ts";
import { Glyph } from "./glyph.tsx";
import { alarmOf } from "./run-step.ts";
import { TONES } from "./tones.ts";

/** The state by its one word, and a mark for a run that a person should look at. */
export function StatePill({ receipt }: { receipt: Receipt }) {
	const { state } = receipt;
	const alarm = alarmOf(receipt);
	return (
		<>
			<span class={`state ${TONES[state]}`}>
				<Glyph tone={TONES[state]} />
				{state}
			</span>
			{alarm !== undefined && (
				<span class={`state ${alarm.tone}`}>
					<Glyph tone={alarm.tone} />
					{alarm.text}
				</span>
			)}
		</>
	);
}
