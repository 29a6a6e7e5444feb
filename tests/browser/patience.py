"""How browser tests live with a page that replaces what they point at."""

import time

from selenium.common.exceptions import (
    NoSuchElementException,
    StaleElementReferenceException,
    WebDriverException,
)
from selenium.webdriver.remote.webelement import WebElement


class PatientElement(WebElement):
    """An element that is looked for again by its selector when the page has replaced it."""

    sought = None

    def _execute(self, command, params=None):
        return self._again(lambda: super(PatientElement, self)._execute(command, params))

    def is_displayed(self) -> bool:
        return self._again(super().is_displayed)

    def get_attribute(self, name) -> str:
        return self._again(lambda: super(PatientElement, self).get_attribute(name))

    def _again(self, ask):
        try:
            return ask()
        except StaleElementReferenceException:
            if self.sought is None:
                raise
        self._id = self.parent.find_element(*self.sought).id
        return ask()


def remember_selectors(driver) -> None:
    """Let each single element that a driver finds know how it was found."""
    find = driver.find_element

    def find_element(by, value):
        element = find(by, value)
        element.sought = (by, value)
        return element

    driver._web_element_cls = PatientElement
    driver.find_element = find_element


def until(condition, timeout: float = 10, msg: str = "it did not come about"):
    """Wait for a condition; one about an element that is just not there has not come about."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            if value := condition():
                return value
        except (NoSuchElementException, StaleElementReferenceException):
            pass
        except WebDriverException as error:
            # The browser's word for a page that is just being exchanged for the next.
            if "context" not in str(error):
                raise
        assert time.monotonic() < deadline, msg
        time.sleep(0.02)
