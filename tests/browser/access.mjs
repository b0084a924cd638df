// Whether a page can be used by everybody: axe-core's rules, and the keyboard.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds, by day and by night: ["dark color-contrast: .pill, .badge"]. */
async function violations(page) {
  // Not as a script of the page, whose policy takes none.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  const found = [];
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await page.waitForFunction((theme) => document.documentElement.dataset.theme === theme, colorScheme);
    // What a theme changes are colours.
    const { violations: list } = await page.evaluate((runOnly) => {
      for (const animation of document.getAnimations()) {
        if (animation.effect?.getComputedTiming().endTime !== Infinity) animation.finish();
      }
      return axe.run(document, { resultTypes: ['violations'], ...(runOnly ? { runOnly } : {}) });
    }, colorScheme === 'light' ? ['color-contrast'] : null);
    found.push(...list.map(({ id, nodes }) => `${colorScheme} ${id}: ${nodes.map(({ target, any }) => `${target} ${any[0]?.message ?? ''}`).join(', ')}`));
  }
  return found;
}

/** Goes through the page with Tab: ["never reached: ...", "no ring: ..."]. */
async function keyboardFaults(page) {
  await page.evaluate(() => {
    document.activeElement?.blur();
    getSelection()?.removeAllRanges();
    scrollTo(0, 0);
    window.isToBeReached = (element) => element.tabIndex >= 0 && !element.disabled && element.checkVisibility({ visibilityProperty: true })
      && element.closest('[inert], [aria-hidden=true]') === null && element.getClientRects().length > 0;
    window.nameOf = (element) => `${element.tagName.toLowerCase()}.${element.className} ${element.getAttribute('aria-label') ?? element.textContent.trim().slice(0, 30)}`;
    window.reached = new Set();
    window.ringless = new Set();
  });
  const count = await page.evaluate(() => [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex]')].filter(isToBeReached).length);
  for (let n = 0; n < count + 4; ++n) {
    await page.keyboard.press('Tab');
    await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return;
      reached.add(element);
      const hasRing = (of, pseudo) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(of, pseudo);
        return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
      };
      // What is around an element may show it for it; the thumb of a slider is nothing that a page can look at.
      if (element.matches('ox-range input') || hasRing(element, '::after')) return;
      for (let of = element; of; of = of.parentElement) if (hasRing(of)) return;
      ringless.add(element);
    });
  }
  return page.evaluate(() => [
    ...[...document.querySelectorAll('a[href], button, input, select, summary, [tabindex]')].filter((element) => isToBeReached(element) && !reached.has(element))
      .map((element) => `never reached: ${nameOf(element)}`),
    ...[...ringless].map((element) => `no ring: ${nameOf(element)}`),
  ]);
}

/** The page as it is keeps nobody out: neither who does not see it well nor who has a keyboard alone. It is dark again afterwards. */
export async function isForEverybody(page) {
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(await keyboardFaults(page), []);
}
