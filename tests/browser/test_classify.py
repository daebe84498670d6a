"""Tab "Classify" as a visitor meets it: app.py on a tiny build, in Chromium."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.helpers.factories import encode
from tests.helpers.space.browsing import marks
from tests.helpers.space.visiting import answer, open_tab, press, upload

pytestmark = marks


def test_a_photo_and_a_text_are_classified(page: Page, photo: Path) -> None:
    upload(page, photo)
    page.get_by_label("Title").fill("Blue ceramic vase")
    press(page, "Classify")
    prediction = answer(page)
    expect(prediction).to_be_visible()
    assert re.search(r"\d%", prediction.inner_text())
    expect(prediction.get_by_role("status")).to_contain_text(re.compile("[Cc]ertain|[Gg]uess|contradict"))
    expect(prediction.locator(".levels .chip").first).to_have_text(re.compile("certain|likely|check"))
    page.locator("#prediction .why > summary").click()
    cards = page.locator("#prediction .card")
    expect(cards.first).to_be_visible()
    expect(cards.locator(".match").first).to_have_attribute("title", re.compile("photo"))  # it took part


def test_an_unreadable_upload_is_a_sentence_and_the_session_lives_on(page: Page, tmp_path: Path) -> None:
    broken = tmp_path / "photo.jpg"
    broken.write_bytes(b"this is no photo")
    upload(page, broken)
    press(page, "Classify")
    toast = page.get_by_test_id("toast-body")
    expect(toast).to_be_visible()
    message = toast.inner_text()
    assert "JPEG" in message
    assert "Traceback" not in message
    page.get_by_role("button", name=re.compile("clear|remove", re.IGNORECASE)).first.click()
    page.get_by_label("Title").fill("Oak wall clock")
    press(page, "Classify")
    expect(answer(page)).to_be_visible()


@pytest.mark.parametrize("page", [(1280, 900), (390, 844)], indirect=True)
def test_the_precision_setting_and_a_photo_of_noise_are_explained(page: Page, tmp_path: Path) -> None:
    noise = tmp_path / "noise.png"
    noise.write_bytes(
        encode(Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)), "PNG")
    )
    upload(page, noise)
    press(page, "Classify")
    status = answer(page).get_by_role("status")
    expect(status).to_contain_text("A guess: the photo shows nothing but noise")
    expect(answer(page).locator(".bar-track")).to_have_count(0)
    page.get_by_role("button", name=re.compile("clear|remove", re.IGNORECASE)).first.click()
    page.get_by_label("Title").fill("Blue ceramic vase")
    page.get_by_label("Description").fill("<div><p>A vase</p></div>" * 900)  # 21 kB as pasted
    page.get_by_role("button", name="Options").click()
    branches = page.locator("#classify-branches")
    branches.locator("input").fill("home garden")
    expect(branches.locator(".take b").first).to_have_text("Home & Garden")
    branches.locator("input").press("Enter")
    expect(branches.locator(".chosen li")).to_have_count(1)
    press(page, "Classify")
    expect(status).not_to_contain_text("noise")
    levels = answer(page).locator(".levels li")
    expect(levels.first).to_contain_text("Home & Garden")
    page.get_by_role("radio", name="99%").check()  # the thresholds move, the numbers stay
    expect(page.locator("#answers[data-stale]")).to_have_count(0)
    expect(levels.last).to_have_class(re.compile("likely|check"))
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_an_example_is_answered_on_arrival_and_all_that_matters_is_above_the_fold(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    first = page.locator("#first-answer")
    expect(first.get_by_role("region", name="Predicted category")).to_be_visible()
    expect(first).to_contain_text("Example")
    for part in (
        page.get_by_role("heading", name="Product Galaxy"),
        page.get_by_label("Title"),
        page.get_by_role("button", name="Classify", exact=True),
        first.get_by_role("status"),
        page.get_by_role("button", name="toy robot"),
    ):
        expect(part).to_be_in_viewport(ratio=1)
    opened = page.get_by_text("preset tiny")  # what is open
    expect(opened).to_be_hidden()
    page.get_by_text("About").click()
    expect(opened).to_be_visible()


def test_an_answer_of_an_earlier_input_is_gray(page: Page) -> None:
    stale = page.locator("#answers[data-stale]")
    page.get_by_label("Title").fill("Blue ceramic vase")
    expect(stale).to_have_count(1)  # the example's
    press(page, "Classify")
    expect(answer(page)).to_be_visible()
    expect(stale).to_have_count(0)
    press(page, "Classify")  # the same answer again
    expect(stale).to_have_count(0)
    page.get_by_label("Title").fill("")
    expect(stale).to_have_count(1)
    press(page, "Classify")
    expect(page.get_by_test_id("toast-body")).to_contain_text("nothing to classify yet")
    expect(stale).to_have_count(1)  # there is no answer to this


def test_an_answer_leads_on(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_label("Title").fill("Blue ceramic vase")
    press(page, "Classify")
    answer(page).locator(".next").get_by_text("Copy path").click()
    levels = answer(page).locator(".levels .level").all_inner_texts()
    expect(answer(page).locator("[data-done=Copied]")).to_have_count(1)
    assert page.evaluate("navigator.clipboard.readText()") == " > ".join(levels)
    answer(page).get_by_role("button", name="Find similar").click()
    expect(page.get_by_label("Text", exact=True)).to_have_value("Blue ceramic vase")
    expect(page.locator("#found .card").first).to_be_visible()
    open_tab(page, "Classify")
    answer(page).get_by_role("button", name="Show in galaxy").click()
    expect(page.locator("#galaxy canvas").first).to_be_visible()


def test_an_empty_form_is_an_error_message(page: Page) -> None:
    press(page, "Classify")
    expect(page.get_by_test_id("toast-body")).to_contain_text("nothing to classify yet")


def test_the_keyboard_reaches_and_runs_the_form(page: Page) -> None:
    page.get_by_label("Title").focus()
    page.keyboard.type("Green wool dress")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"  # the description
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText.trim()") == "Classify"
    page.keyboard.press("Enter")
    expect(answer(page)).to_be_visible()
