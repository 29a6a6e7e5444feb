// What the scripts of a report share: the run that is open, the tab's title, and events on
// `document`: report:opened {about}, report:tab {tab}, report:trade {number}.
(() => {
  const nothing = () => window.dash_clientside.no_update;
  const state = { about: null, tab: null, trade: null };

  const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));
  const give = (id, props) => window.dash_clientside.set_props(id, props);

  // What came with the page may not stand in the document yet.
  const present = async (selector) => {
    let element = document.querySelector(selector);
    for (let frames = 0; !element && frames < 600; frames += 1) {
      await new Promise(requestAnimationFrame);
      element = document.querySelector(selector);
    }
    return element;
  };

  const opened = (about) => {
    if (!about) return nothing();
    state.about = about;
    state.trade = about.trade;
    present("#report-tabs").then((tabs) => {
      if (!tabs || state.about !== about) return;
      delete document.getElementById("report").dataset.stale;
      tell("report:opened", { about });
    });
    return nothing();
  };

  const title = (text) => {
    if (text) document.title = text;
    return nothing();
  };

  // What is shown was made with other values than the form now holds; the next run mends it.
  const markStale = (event) => {
    const report = event.target.closest?.(".backtest-form") && document.getElementById("report");
    if (report) report.dataset.stale = "true";
  };
  document.addEventListener("input", markStale);
  document.addEventListener("change", markStale);

  // An answer that never comes ends no waiting by itself.
  document.addEventListener("server:gone", () => {
    if (!document.getElementById("bt-run")) return;
    give("bt-run", { disabled: false });
    give("bt-result", { className: "workbench-result" });
  });

  const isTyping = (element) => element?.closest?.("input, textarea, select, [contenteditable]");

  const asJson = async (address, options) => {
    const answer = await fetch(address, options);
    if (!answer.ok) throw new Error((await answer.text()).trim());
    return answer.json();
  };

  // A request that fails before any answer is a TypeError with the browser's own words.
  const sentence = (error) =>
    error instanceof TypeError ? "The server does not answer: try again." : error.message;

  const shared = { state, tell, give, present, isTyping, asJson, sentence };
  window.report = Object.assign(window.report || {}, shared);
  const functions = { ...window.dash_clientside?.report, title, opened };
  window.dash_clientside = Object.assign({}, window.dash_clientside, { report: functions });
})();
