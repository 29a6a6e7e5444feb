// The dialog that copies a link: it says in words what the link carries, and works without the
// right to write to the clipboard.
(() => {
  const { state, give, query } = window.report;
  const dialog = () => document.getElementById("copy-dialog");
  const part = (name) => document.getElementById(`copy-${name}`);
  const STYLES = { ohlc: "OHLC bars", line: "a line", heikin_ashi: "Heikin-Ashi candles" };

  const address = (withView) => {
    const link = new URL(`/runs/${state.about.run}`, location.origin);
    if (withView) link.search = query().toString();
    return link.href;
  };

  const time = (iso) => iso.replace(/T00:00(:00)?(\.0+)?(Z|\+00:00)?$/, "").replace("T", " ").slice(0, 16);

  const words = (withView) => {
    const { about } = state;
    const said = [`Run ${about.run}: ${about.name}, as it was saved`];
    if (!withView) return said;
    const has = Object.fromEntries(query());
    if (has.from && has.to) said.push(`The chart from ${time(has.from)} to ${time(has.to)}`);
    const tab = document.querySelector(`#tab-${state.tab}`)?.firstChild?.textContent;
    if (tab) said.push(`The tab ${tab}`);
    if (state.trade) said.push(`Trade ${state.trade}, with why it was made`);
    const look = [STYLES[has.style], has.log && "a logarithmic price", has.zone && `times in ${has.zone}`];
    if (look.some(Boolean)) said.push(`The chart with ${look.filter(Boolean).join(", ")}`);
    return said;
  };

  const write = () => {
    const withView = document.getElementById("copy-with-view").checked;
    part("carries").replaceChildren(
      ...words(withView).map((text) => Object.assign(document.createElement("li"), { textContent: text })),
    );
    give("copy-address", { value: address(withView) });
    part("status").textContent = "";
  };

  const open = () => {
    write();
    dialog().showModal();
    part("now").focus();
  };

  const copiedByCommand = (text, within) => {
    const field = Object.assign(document.createElement("textarea"), { value: text, className: "visually-hidden" });
    const focused = document.activeElement;
    within.append(field);
    field.select();
    try {
      return document.execCommand("copy");
    } catch {
      return false;
    } finally {
      field.remove();
      focused?.focus({ preventScroll: true });
    }
  };

  // The newer way needs a secure address and the user's leave, the older one neither. A dialog
  // lets nothing outside it be selected.
  const copyText = async (text, within = document.body) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return copiedByCommand(text, within);
    }
  };

  const copy = async () => {
    const done = await copyText(part("address").value, dialog());
    part("status").textContent = done
      ? "The link is copied."
      : "This browser does not let a page copy: the link is selected, press Ctrl-C.";
    if (!done) part("address").select();
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#copy-link")) open();
    else if (event.target.closest?.("#copy-now")) copy();
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "copy-with-view") write();
  });

  window.report.copyText = copyText;
})();
