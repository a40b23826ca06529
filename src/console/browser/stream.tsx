import type { Receipt } from "./answers.ts";
import type { Live } from "./live.ts";
import { Glyph, StatePill, Subject } from "./parts.tsx";
import { isNarrow, NO_FILTER, type View } from "./view.ts";
import { alarmOf, TONES, wayOf } from "./way-of.ts";
import { serviceOfAll, shortSubject, shortType } from "./words.ts";

export interface StreamProps {
	readonly view: View;
	readonly live: Live;
	readonly onOpen: (key: string) => void;
}

/** The events and their way, the last accepted first. */
export function Stream({ view, live, onOpen }: StreamProps) {
	const { shown, now } = view;
	if (shown.length === 0) return <Empty view={view} live={live} />;
	const heads = ["Event", "Received", "Route", "Waiting", serviceOfAll(shown), "Run"];
	return (
		<>
			<div class="heads row" aria-hidden="true">
				{heads.map((head) => (
					<span key={head}>{head}</span>
				))}
			</div>
			<ol class="events">
				{shown.map((receipt) => (
					<EventRow key={receipt.key} receipt={receipt} now={now} onOpen={onOpen} />
				))}
			</ol>
			<Pages view={view} live={live} />
		</>
	);
}

function Empty({ view: { filter, page, unread }, live }: Pick<StreamProps, "view" | "live">) {
	if (page > 0)
		return (
			<p class="empty">
				Nothing is left on this page.{" "}
				<button type="button" class="link" onClick={() => void live.turn(false)}>
					Newer events
				</button>
			</p>
		);
	if (unread.length > 0)
		return <p class="empty">No event was found, but the bridge could not read all receipts; see “Needs attention”.</p>;
	if (!isNarrow(filter)) return <p class="empty">No event has arrived yet. The first one appears here by itself.</p>;
	return (
		<p class="empty">
			No event matches.{" "}
			<button type="button" class="link" onClick={() => live.setFilter(NO_FILTER)}>
				Show all events
			</button>
		</p>
	);
}

/** A list that ends says so, and offers more. */
function Pages({ view: { shown, complete, page }, live }: Pick<StreamProps, "view" | "live">) {
	if (complete && page === 0) return null;
	const first = page * 100 + 1;
	const which = page === 0 ? `The newest ${shown.length}` : `${first} to ${first + shown.length - 1}`;
	return (
		<p class="note pages">
			<span>
				{which}
				{complete ? ", and no older ones" : "; there are older ones"}
			</span>
			{page > 0 && (
				<button type="button" class="quiet" onClick={() => void live.turn(false)}>
					Newer events
				</button>
			)}
			{!complete && (
				<button type="button" class="quiet" onClick={() => void live.turn(true)}>
					Older events
				</button>
			)}
		</p>
	);
}

function EventRow({ receipt, now, onOpen }: { receipt: Receipt; now: number; onOpen: (key: string) => void }) {
	const { event, state, key, reason } = receipt;
	const alarm = alarmOf(receipt);
	const why = alarm !== undefined ? receipt.followingReason : TONES[state] === "sent" ? null : reason;
	return (
		<li>
			<button type="button" data-key={key} class={`row ${alarm?.tone ?? TONES[state]}`} onClick={() => onOpen(key)}>
				<span class="event">
					<span class="type">{shortType(event.type)}</span>
					<StatePill receipt={receipt} />
					<Subject text={shortSubject(event)} />
				</span>
				{wayOf(receipt, now).map(({ name, mark, text }) => (
					<span key={name} class={`step ${mark}`}>
						<span class="label">{name} </span>
						{mark !== "none" && <Glyph mark={mark} />}
						<span class="text">{text}</span>
					</span>
				))}
				{why !== null && <span class="because">{why}</span>}
			</button>
		</li>
	);
}
