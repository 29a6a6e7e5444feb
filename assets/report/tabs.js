// The tabs of a report: one is shown, and asks for its content when it is first shown.
(() => {
  const { state, tell, give } = window.report;
  const buttons = () => [...document.querySelectorAll("#report-tabs [role=tab]")];
  const panel = (name) => document.getElementById(`panel-${name}`);
  let asked = 0; // an answer that never came is asked for again

  const shown = () => buttons().find((tab) => tab.getAttribute("aria-selected") === "true")?.dataset.tab;

  // A panel shows the content of the run that is open, and grey blocks until that has come.
  const settle = () => {
    const run = String(state.about?.run);
    for (const { dataset } of buttons()) {
      const box = panel(dataset.tab);
      const was = box.classList.contains("is-loading");
      const made = box.querySelector(":scope > div > .tab-content");
      const is = box.classList.toggle("is-loading", made?.dataset.run !== run);
      if (was && !is) tell("report:filled", { tab: dataset.tab });
    }
  };

  const fill = (name) => {
    settle();
    if (!panel(name).classList.contains("is-loading")) return;
    give(`want-${name}`, { data: { run: state.about.run, asked: (asked += 1) } });
  };

  const choose = (name, focus = false) => {
    for (const tab of buttons()) {
      const isChosen = tab.dataset.tab === name;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      panel(tab.dataset.tab).hidden = !isChosen;
      if (isChosen && focus) tab.focus();
    }
    state.tab = name;
    fill(name);
    tell("report:tab", { tab: name });
  };

  document.addEventListener("click", (event) => {
    const tab = event.target.closest?.("#report-tabs [role=tab]");
    if (tab) choose(tab.dataset.tab);
  });

  document.addEventListener("keydown", (event) => {
    if (!event.target.matches?.("#report-tabs [role=tab]")) return;
    const all = buttons();
    const at = all.indexOf(event.target);
    const next = {
      ArrowRight: (at + 1) % all.length,
      ArrowLeft: (at - 1 + all.length) % all.length,
      Home: 0,
      End: all.length - 1,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    choose(all[next].dataset.tab, true);
  });

  const watching = new MutationObserver(settle);
  document.addEventListener("report:opened", ({ detail }) => {
    watching.disconnect();
    const contents = buttons().map((tab) => document.getElementById(`content-${tab.dataset.tab}`));
    const what = { childList: true, subtree: true, attributes: true, attributeFilter: ["data-run"] };
    contents.forEach((content) => watching.observe(content, what));
    const count = document.querySelector("#tab-trades .tab-count");
    count.textContent = detail.about.trades.toLocaleString("en-US");
    state.tab = shown();
    fill(state.tab);
    tell("report:tab", { tab: state.tab });
  });

  window.report.chooseTab = choose;
})();
