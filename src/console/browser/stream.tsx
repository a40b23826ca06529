import type { Receipt } from "./answers.ts";
import type { View } from "./look.ts";
import { alarmOf } from "./run-step.ts";
import { shortSubject, shortType, TONES, wayOf } from "./way-of.ts";

const HEADS = ["Event", "Received", "Route", "Waiting", "GitHub", "Run"];

/** The events and their way, the last accepted first. */
export function Stream({ view, onOpen }: { view: View; onOpen: (receipt: Receipt) => void }) {
	const { shown, complete, filter, now } = view;
	const isFiltered = filter.find !== "" || filter.state !== "";
	if (shown.length === 0) {
		return (
			<p class="empty">
				{isFiltered ? "Nothing matches." : "No event has come yet. The first one shows up here by itself."}
			</p>
		);
	}
	return (
		<>
			<div class="heads row" aria-hidden="true">
				{HEADS.map((head) => (
					<span key={head}>{head}</span>
				))}
			</div>
			<ol class="events">
				{shown.map((receipt) => (
					<EventRow key={receipt.key} receipt={receipt} now={now} onOpen={onOpen} />
				))}
			</ol>
			{!complete && <p class="note">There may be more than these.</p>}
		</>
	);
}

function EventRow({ receipt, now, onOpen }: { receipt: Receipt; now: number; onOpen: (receipt: Receipt) => void }) {
	const { event, state } = receipt;
	const alarm = alarmOf(receipt);
	return (
		<li>
			<button type="button" class={`row ${alarm?.tone ?? TONES[state]}`} onClick={() => onOpen(receipt)}>
				<span class="event">
					<span class="type">{shortType(event.type)}</span>
					<span class={`state ${TONES[state]}`}>{state}</span>
					{alarm !== undefined && <span class={`state ${alarm.tone}`}>{alarm.text}</span>}
					<span class="subject">{shortSubject(event)}</span>
				</span>
				{wayOf(receipt, now).map(({ name, mark, text }) => (
					<span key={name} class={`step ${mark}`}>
						<span class="label">{name} </span>
						<span class="text">{text}</span>
					</span>
				))}
			</button>
		</li>
	);
}
