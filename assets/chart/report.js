// The tab's title names what is open; the copy button puts the run's address on the clipboard.
(() => {
  const nothing = () => window.dash_clientside.no_update;

  const copied = () => window.shell.showToast("The link is copied: it opens this run as it is.", "success");

  // Without a secure context there is no clipboard: show the link to be copied by hand.
  const copyLink = (clicks) => {
    if (!clicks) return nothing();
    const button = document.getElementById("copy-link");
    const link = new URL(button.dataset.path, window.location.origin).href;
    const byHand = () => window.shell.showToast(`Copy this link: ${link}`, "info");
    if (navigator.clipboard) navigator.clipboard.writeText(link).then(copied, byHand);
    else byHand();
    return nothing();
  };

  const title = (text) => {
    if (text) document.title = text;
    return nothing();
  };

  // What is shown was made with other values than the form now holds; the next drawing mends it.
  const markStale = (event) => {
    const report = event.target.closest?.(".backtest-form") && document.getElementById("report");
    if (report) report.dataset.stale = "true";
  };
  document.addEventListener("input", markStale);
  document.addEventListener("change", markStale);

  window.dash_clientside = Object.assign({}, window.dash_clientside, { report: { title, copyLink } });
})();
