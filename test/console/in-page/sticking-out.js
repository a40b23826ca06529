/** What can be seen and reaches beyond the window's left or right edge, or is cut off there. Runs in a page, as an expression. */
[...document.body.querySelectorAll("*")]
	.filter((element) => element.checkVisibility() && getComputedStyle(element).clipPath === "none")
	// What ends in an ellipsis goes on behind it.
	.filter((element) => getComputedStyle(element.parentElement).textOverflow !== "ellipsis")
	.filter((element) => {
		const { left, right, width } = element.getBoundingClientRect();
		return width > 0 && (left < -0.5 || right > document.documentElement.clientWidth + 0.5);
	})
	.map((element) => `${element.tagName} ${element.className} ${element.textContent.slice(0, 40)}`);
