"""One browser for all tests of a process: starting one costs more than most tests."""

from dash.testing.browser import Browser
from patience import remember_selectors
from selenium.common.exceptions import WebDriverException


class SharedBrowser:
    """A browser that gives every test a tab of its own, and is started again if it died."""

    def __init__(self, start):
        self._start = start
        self._browser: Browser | None = None
        self._size: dict | None = None

    def renewed(self) -> Browser:
        """Return the browser with one new tab: its first size, nothing emulated, no message."""
        try:
            if self._browser is not None:
                return _renewed(self._browser, self._size)
        except WebDriverException:
            self.quit()
        self._browser = self._start()
        remember_selectors(self._browser.driver)
        self._size = self._browser.driver.get_window_size()
        return self._browser

    def quit(self) -> None:
        """End the browser, if there is one."""
        if self._browser is not None:
            self._browser.__exit__(None, None, None)
            self._browser = None


def forget(browser: Browser, url: str) -> None:
    """Let the browser be one that was never at an address: no storage, no cookie, no permission."""
    command = browser.driver.execute_cdp_cmd
    command("Storage.clearDataForOrigin", {"origin": url, "storageTypes": "all"})
    command("Browser.resetPermissions", {})
    browser.driver.delete_all_cookies()


def _renewed(browser: Browser, size: dict) -> Browser:
    driver = browser.driver
    old = driver.window_handles
    driver.switch_to.window(old[0])
    driver.switch_to.new_window("tab")
    fresh = driver.current_window_handle
    for handle in old:
        driver.switch_to.window(handle)
        driver.close()
    driver.switch_to.window(fresh)
    if driver.get_window_size() != size:  # a test may have made it a phone
        driver.set_window_size(size["width"], size["height"])
    # A tab that is not in front of its window would be told of no focus.
    driver.execute_cdp_cmd("Page.bringToFront", {})
    driver.execute_cdp_cmd("Emulation.setFocusEmulationEnabled", {"enabled": True})
    driver.get_log("browser")
    return browser
