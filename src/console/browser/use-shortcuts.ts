import { useEffect, useRef } from "preact/hooks";
import type { Action } from "./do-all.ts";
import { focusedKey, keysOnPage, moveFocus, onKey } from "./keyboard.ts";
import { isDeadLetter } from "./tones.ts";
import type { Letters } from "./use-letters.ts";
import { knownReceipt, type View } from "./view.ts";

export interface ShortcutsOptions {
	readonly view: View;
	readonly letters: Letters;
	readonly onOpen: (key: string | undefined) => void;
	readonly onHelp: () => void;
}

/** Lets single keys move through receipts and act on them. */
export function useShortcuts(options: ShortcutsOptions): void {
	const latest = useRef(options);
	latest.current = options;
	useEffect(() => {
		const listen = (event: KeyboardEvent) => {
			// A question that is open must be answered first.
			if (document.querySelector("dialog.confirm[open]") === null) onKey(event, shortcutsFor(latest.current));
		};
		document.addEventListener("keydown", listen);
		return () => document.removeEventListener("keydown", listen);
	}, []);
}

function shortcutsFor({ view, letters, onOpen, onHelp }: ShortcutsOptions) {
	const key = view.opened?.key ?? focusedKey();
	const ask = (action: Action) => {
		const receipt = key === undefined ? undefined : knownReceipt(view, key);
		if (receipt === undefined) letters.say(`Choose a dead letter with j and k first, then press ${action[0]}.`);
		else if (isDeadLetter(receipt)) letters.ask({ action, receipt });
		else
			letters.say(
				`Only a dead letter can be ${action === "replay" ? "replayed" : "discarded"}; this one is ${receipt.state}.`,
			);
	};
	return {
		move(forward: boolean): void {
			const all = [...new Set(keysOnPage())];
			const next = view.opened && all[all.indexOf(view.opened.key) + (forward ? 1 : -1)];
			if (view.opened === undefined) moveFocus(forward);
			else if (next !== undefined) onOpen(next);
		},
		replay: () => ask("replay"),
		discard: () => ask("discard"),
		find: () => {
			if (view.opened === undefined) document.getElementById("find")?.focus();
		},
		help: onHelp,
	};
}
