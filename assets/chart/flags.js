// Earnings, dividends, splits and news as buttons on the time axis: their text shows on hover and
// focus.
(() => {
  const charting = (window.charting ??= {});
  const WIDTH = 18; // pixels of a flag: those that would overlap are one that says how many
  let flags = []; // {button, x}

  const layer = (chart) => chart.box.querySelector(".chart-flags");

  const joined = (events, area) => {
    const groups = [];
    for (const event of events) {
      const last = groups[groups.length - 1];
      if (last && area.xOf(event.x) - area.xOf(last.x) < WIDTH) {
        last.count += event.count ?? 1;
        last.texts.push(event.text);
        if (last.kind !== event.kind) last.kind = "other";
        last.letter = String(last.count);
      } else {
        groups.push({ ...event, count: event.count ?? 1, texts: [event.text] });
      }
    }
    return groups;
  };

  const button = ({ kind, letter, texts }) => {
    const text = texts.slice(0, 6).join("\n") + (texts.length > 6 ? `\nand ${texts.length - 6} more` : "");
    const made = Object.assign(document.createElement("button"), {
      type: "button", className: `chart-flag is-${kind}`, textContent: letter,
    });
    made.setAttribute("aria-label", text);
    made.dataset.text = text;
    return made;
  };

  const draw = () => {
    const chart = charting.chart();
    const area = charting.place(chart);
    const [lo, hi] = chart.wanted;
    const seen = (chart.figure.events ?? []).filter(({ x }) => x >= lo - 0.5 && x <= hi + 0.5);
    flags = joined(seen, area).map((event) => ({ button: button(event), x: event.x }));
    layer(chart).replaceChildren(...flags.map((flag) => flag.button));
    layer(chart).hidden = !flags.length;
    put(chart, area);
  };

  const put = (chart, area) => {
    const { _offset: top, _length: height } = chart.element._fullLayout.yaxis;
    for (const flag of flags) {
      const x = area.xOf(flag.x);
      flag.button.style.transform = `translate(${x}px, ${top + height - 10}px)`;
      flag.button.hidden = x < area.left || x > area.left + area.width;
    }
    tell(null);
  };

  const tell = (flag) => {
    const tip = charting.overlay(charting.chart(), "flag-tip");
    tip.hidden = !flag;
    if (!flag) return;
    tip.textContent = flag.dataset.text;
    const stage = tip.parentElement.getBoundingClientRect();
    const box = flag.getBoundingClientRect();
    const half = tip.offsetWidth / 2;
    const x = Math.min(Math.max(box.left + box.width / 2 - stage.left, half + 4), stage.width - half - 4);
    Object.assign(tip.style, { left: `${x}px`, top: `${box.top - stage.top - 6}px` });
  };

  const flagOf = (event) => event.target.closest?.(".chart-flag");
  for (const name of ["pointerover", "focusin"]) {
    document.addEventListener(name, (event) => flagOf(event) && tell(flagOf(event)));
  }
  for (const name of ["pointerout", "focusout"]) {
    document.addEventListener(name, (event) => flagOf(event) && tell(null));
  }

  document.addEventListener("chart:painted", draw);
  document.addEventListener("chart:moved", () => put(charting.chart(), charting.place(charting.chart())));
})();
