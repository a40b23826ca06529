import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Receipt } from "./answers.ts";
import { alarmOf, type Mark, TONES, type Tone } from "./way-of.ts";
import { shortType } from "./words.ts";

const OF_TONE: Readonly<Record<Tone, Mark>> = {
	sent: "done",
	moving: "now",
	delayed: "stuck",
	lost: "failed",
	passed: "none",
};

/** A sign that says without colour what the colour says. The words beside it say the same to a screen reader. */
export function Glyph({ tone, mark }: { tone?: Tone; mark?: Mark }) {
	const sign = mark ?? (tone === undefined ? "none" : OF_TONE[tone]);
	return <i class={`glyph ${sign}-sign`} aria-hidden="true" />;
}

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

/** The end of a long text stays whole: there it differs from its neighbours. */
const TAIL = 22;
const LONG = 36;

/** A text in one line. Where it does not fit, its middle is left out; all of it is its name and its tooltip. */
export function Subject({ text }: { text: string }) {
	if (text.length <= LONG) return <span class="subject">{text}</span>;
	return (
		<span class="subject" title={text}>
			<span class="hidden">{text}</span>
			<span class="head" aria-hidden="true">
				{text.slice(0, -TAIL)}
			</span>
			<span class="tail" aria-hidden="true">
				{text.slice(-TAIL)}
			</span>
		</span>
	);
}

/** Opens a receipt; `j` and `k` find it by its key. */
export function ReceiptLink({ receipt: { key, event }, onOpen }: { receipt: Receipt; onOpen: (key: string) => void }) {
	return (
		<button type="button" class="link" data-key={key} onClick={() => onOpen(key)}>
			{shortType(event.type)} {event.id}
		</button>
	);
}

/** Names and what is known under each; a fact that is undefined is left out. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, fact: ComponentChildren])[] }) {
	return (
		<dl class="facts">
			{facts
				.filter(([, fact]) => fact !== undefined)
				.map(([name, fact]) => (
					<div key={name}>
						<dt>{name}</dt>
						<dd>{fact}</dd>
					</div>
				))}
		</dl>
	);
}

/** Opens a dialog at once. As a modal one it keeps the focus, closes on Escape, and gives the focus back. */
export function useModal() {
	const dialog = useRef<HTMLDialogElement>(null);
	useEffect(() => dialog.current?.showModal(), []);
	return dialog;
}
