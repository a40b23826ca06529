import { useEffect, useRef } from "preact/hooks";
import { type Action, DONE } from "./do-all.ts";
import { useModal } from "./parts.tsx";
import type { Letters } from "./use-letters.ts";
import { knownReceipt, type View } from "./view.ts";
import { isDeadLetter } from "./way-of.ts";

/** What the shortcuts act on. */
interface ShortcutsOptions {
	readonly view: View;
	readonly letters: Letters;
	readonly onOpen: (key: string | undefined) => void;
	readonly onHelp: () => void;
}

/** Lets single keys, none of which works while a person types, move through receipts and act on them. */
export function useShortcuts(options: ShortcutsOptions): void {
	const latest = useRef(options);
	latest.current = options;
	useEffect(() => {
		const listen = (event: KeyboardEvent) => {
			// A question that is open must be answered first.
			if (document.querySelector("dialog.confirm[open]") === null) onKey(event, latest.current);
		};
		document.addEventListener("keydown", listen);
		return () => document.removeEventListener("keydown", listen);
	}, []);
}

/** Does what a key stands for; leaves all others alone, and those that a field or the browser needs. */
function onKey(event: KeyboardEvent, options: ShortcutsOptions): void {
	if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
	if (isTyping(event.target)) return;
	const act = shortcutsFor(options)[event.key];
	if (act === undefined) return;
	act();
	event.preventDefault();
}

/** What each key does. */
function shortcutsFor({ view, letters, onOpen, onHelp }: ShortcutsOptions): Readonly<Record<string, () => void>> {
	const key = view.opened?.key ?? focusedKey();

	function ask(action: Action): void {
		const receipt = key === undefined ? undefined : knownReceipt(view, key);
		if (receipt === undefined) letters.say(`Choose a dead letter with j and k first, then press ${action[0]}.`);
		else if (isDeadLetter(receipt)) letters.ask({ action, receipt });
		else letters.say(`Only a dead letter can be ${DONE[action]}; this one is ${receipt.state}.`);
	}

	/** To the next receipt, or to the one before. */
	function move(forward: boolean): void {
		const all = [...new Set(rowsOnPage().map(({ dataset }) => dataset["key"]))];
		const next = view.opened && all[all.indexOf(view.opened.key) + (forward ? 1 : -1)];
		if (view.opened === undefined) moveFocus(forward);
		else if (next !== undefined) onOpen(next);
	}

	return {
		j: () => move(true),
		k: () => move(false),
		r: () => ask("replay"),
		d: () => ask("discard"),
		"/": () => {
			if (view.opened === undefined) document.getElementById("find")?.focus();
		},
		"?": onHelp,
	};
}

function isTyping(target: EventTarget | null): boolean {
	return target instanceof Element && target.closest("input, select, textarea, [contenteditable]") !== null;
}

/** The receipts on the page, in its order; a receipt may stand there twice. */
function rowsOnPage(): readonly HTMLElement[] {
	return [...document.querySelectorAll<HTMLElement>("main [data-key]")];
}

/** The receipt that has the focus. */
function focusedKey(): string | undefined {
	return (document.activeElement as HTMLElement | null)?.dataset?.["key"];
}

/** Where the focus was last, for a row that has gone. */
let place = -1;

/** Moves the focus to the next receipt on the page, or to the one before. */
function moveFocus(forward: boolean): void {
	const rows = rowsOnPage();
	const at = rows.indexOf(document.activeElement as HTMLElement);
	// Behind a row that has gone, its successor stands in its place.
	const from = at >= 0 ? at : forward ? Math.min(place, rows.length) - (place < 0 ? 0 : 1) : place;
	const next = Math.max(0, Math.min(rows.length - 1, from + (forward ? 1 : -1)));
	place = next;
	rows[next]?.focus();
}

const KEYS: readonly (readonly [string, string])[] = [
	["j, k", "next receipt, previous receipt"],
	["Enter", "open the receipt"],
	["r", "replay the dead letter"],
	["d", "discard the dead letter"],
	["/", "find"],
	["?", "this help"],
	["Esc", "close"],
];

/** The keys, and what they do. */
export function HelpDialog({ onClose }: { onClose: () => void }) {
	const dialog = useModal();
	return (
		<dialog ref={dialog} class="confirm" aria-labelledby="help-title" onClose={onClose}>
			<h2 id="help-title">Keyboard</h2>
			<dl class="facts">
				{KEYS.map(([key, meaning]) => (
					<div key={key}>
						<dt>
							<kbd>{key}</kbd>
						</dt>
						<dd>{meaning}</dd>
					</div>
				))}
			</dl>
			<p class="more">Keys do nothing while you type in a field.</p>
			<div class="buttons">
				<button type="button" class="quiet" onClick={() => dialog.current?.close()}>
					Close
				</button>
			</div>
		</dialog>
	);
}
