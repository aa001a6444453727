"""Browsers of a few years ago, and ones that forbid much: the pages still work in them."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect
from tests.studio.running import RunningStudio

TAKE_AWAY = """
for (const name of Object.getOwnPropertyNames(Element.prototype)) {
  if (name.startsWith('aria') || name === 'role') delete Element.prototype[name];
}
delete URLSearchParams.prototype.size;
for (const name of ['popover', 'showPopover', 'hidePopover']) delete HTMLElement.prototype[name];
for (const name of ['localStorage', 'sessionStorage']) {
  Object.defineProperty(window, name, {configurable: true, get() {
    throw new DOMException('Cookies are blocked.', 'SecurityError');
  }});
}
"""
"""Firefox before 119 has no `ariaLabel`, Safari before 17 neither `size` nor popovers."""

NO_LOUDSPEAKER = """
Object.defineProperty(BaseAudioContext.prototype, 'state', {get: () => 'suspended'});
AudioContext.prototype.resume = () => new Promise(() => {});
"""
"""As Firefox does where no sound can be heard: it waits for ever."""

SHORT_PATIENCE = "const later = setTimeout; window.setTimeout = (work) => later(work, 100);"


def test_the_groove_page_works_without_what_older_browsers_lack(
    visitor: Any, studio: RunningStudio
) -> None:
    visitor.add_init_script(TAKE_AWAY)
    visitor.goto(studio.address + "/groove")
    cell = visitor.locator("button.cell[role=gridcell][aria-label^='Kick, bar 1, beat 1']").first
    before = cell.get_attribute("aria-label")
    cell.click()
    expect(cell).not_to_have_attribute("aria-label", before)
    visitor.locator("#tempo").fill("133")
    visitor.locator("#tempo").press("Tab")
    visitor.wait_for_function("() => location.hash.includes('tempo=133')")
    visitor.reload()
    expect(visitor.locator("#tempo")).to_have_value("133")


def test_an_explanation_goes_away_where_there_are_no_popovers(
    visitor: Any, studio: RunningStudio
) -> None:
    visitor.add_init_script(TAKE_AWAY)
    visitor.goto(studio.address + "/kit")
    visitor.evaluate(
        """async () => {
          const {tip} = await import('/web/kit/tip.js');
          const button = Object.assign(document.createElement('button'), {id: 'asks'});
          document.querySelector('main').prepend(button);
          tip(button, 'So it is');
        }"""
    )
    visitor.focus("#asks")
    visitor.get_by_text("So it is").wait_for()
    visitor.keyboard.press("Escape")
    visitor.get_by_text("So it is").wait_for(state="hidden")


def test_without_a_loudspeaker_the_page_says_so_instead_of_waiting_for_ever(
    visitor: Any, studio: RunningStudio
) -> None:
    visitor.add_init_script(NO_LOUDSPEAKER + SHORT_PATIENCE)
    visitor.goto(studio.address + "/kit")
    said = visitor.evaluate(
        """async () => {
          const {opened} = await import('/web/kit/context.js');
          return opened().catch((error) => error.message);
        }"""
    )
    assert "gives no sound" in said
    assert "press again" in said
