// SPDX-License-Identifier: GPL-2.0-or-later
/* The sheet that is printed for a device, light and dark: nothing but the sheet, with a code. */
export default async function label(stage) {
	for (const theme of stage.themes) {
		stage.step = theme;
		const page = await stage.open(`/devices/${stage.context.device}/identity`,
			{ width: 768, theme });
		const code = page.locator(".labelsheet .qr");
		await code.waitFor();
		await page.emulateMedia({ media: "print", colorScheme: theme });
		stage.check(await code.isVisible(), "the code is printed");
		stage.check(!await page.getByRole("navigation").first().isVisible() &&
			!await page.locator(".labelcard .btns").isVisible(), "and nothing but the sheet");
		await page.locator(".labelsheet").screenshot({ path: `${stage.context.pictures}/${theme}.png`,
			scale: "css" });
		await stage.close(page);
	}
}
